//! Examples of rules: what they say, and where they contradict.

use super::*;

#[test]
fn an_example_that_says_both_is_told_once() {
    let example =
        |text: &str, expect: &str| format!("[[rule.example]]\ntext = '{text}'\nexpect = '{expect}'\n");
    let both = format!("{}{}{}", one_rule("arms"), example("arms", "alert"), example("arms", "quiet"));
    let found = load_as("it", &both).unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("it.toml:10:9: this very example stands above with expect = \"alert\""));
    let apart = format!(
        "{}by = 'b'\n",
        both.replace("'arms'\nexpect = 'alert'", "'arms'\nby = 'a'\nexpect = 'alert'")
    );
    let apart = apart.replace("when = '''arms'''", "when = '''arms AND by:a'''");
    assert!(load_as("it", &apart).is_ok(), "{:?}", load_as("it", &apart));
}

#[test]
fn an_example_may_say_what_its_post_is() {
    let example = "[[rule.example]]\ntext = 'arms'\nfrom = 'x:Hub'\nby = 'Someone'\nplatform = 'x'\nlang = 'fr'\n\
                   title = 'aid'\nwarning = 'war'\nquote = 'said'\nlinks = ['https://a.rt.com/x']\nmedia = ['a tank']\n\
                   is = ['repost', 'edit']\nexpect = 'alert'\n";
    let when = "arms AND aid AND war AND said AND tank AND from:Hub AND by:someone AND platform:x AND lang:fr \
                AND link:rt.com AND is:repost AND is:edit AND has:quote AND NOT is:reply";
    assert_eq!(load_as("it", &format!("{}{example}", one_rule(when))).err(), None);
    let found = load_as("it", &format!("{}{example}", one_rule("arms AND is:reply"))).unwrap_err();
    assert!(found[0].contains("stays quiet: `is:reply` is not true of it"), "{found:?}");
    let wrong = example.replace("'repost'", "'retweet'").replace("'x'\nlang", "'twitter'\nlang");
    let found = load_as("it", &format!("{}{wrong}", one_rule("arms"))).unwrap_err();
    assert_eq!(found.len(), 2, "{found:?}");
}
