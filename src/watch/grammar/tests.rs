use super::*;

/// The structure of a condition in brackets.
fn shape(expression: &Expression) -> String {
    let all = |parts: &[Expression], sign: &str| parts.iter().map(shape).collect::<Vec<_>>().join(sign);
    match &expression.kind {
        Kind::Term(term) => term.clone(),
        Kind::Concept(name) => format!("@{name}"),
        Kind::Not(part) => format!("!{}", shape(part)),
        Kind::All(parts) => format!("[{}]", all(parts, " & ")),
        Kind::Any(parts) => format!("[{}]", all(parts, " | ")),
        Kind::Few(few, parts) => format!("{few}[{}]", all(parts, ", ")),
        Kind::Near(first, others) => {
            let sign = |reach: &Reach| if reach.ordered { '>' } else { '~' };
            let other = |(reach, other): &(Reach, Expression)| {
                format!(" {}{} {}", sign(reach), reach.distance, shape(other))
            };
            format!("[{}{}]", shape(first), others.iter().map(other).collect::<Vec<_>>().concat())
        }
        Kind::Sentence(part) => format!("s{}", shape(part)),
        Kind::Fact(fact) => fact.to_string(),
    }
}

#[test]
fn conditions_read_as_they_are_meant() {
    let table = [
        ("arms", "arms"),
        ("\"military aid\"", "military aid"),
        ("a OR b AND c", "[a | [b & c]]"),
        ("a AND b AND NOT c", "[a & b & !c]"),
        ("NOT a NEAR/3 b", "![a ~3 b]"),
        ("NOT NOT a", "a"),
        ("NOT (NOT a)", "!!a"),
        ("(a OR b) AND c", "[[a | b] & c]"),
        ("@delivery NEAR/12 @materiel AND @recipient", "[[@delivery ~12 @materiel] & @recipient]"),
        ("a NEAR/1 b NEAR/2 (c OR \"d e\")", "[a ~1 b ~2 [c | d e]]"),
        ("(a NEAR/1 b) NEAR/0 c", "[[a ~1 b] ~0 c]"),
        ("  ( a\tOR\n(b) )  ", "[a | b]"),
        (
            "=arms OR ==US OR weapon* OR Il-76 OR N'Djamena OR 🚁",
            "[=arms | ==US | weapon* | Il-76 | N'Djamena | 🚁]",
        ),
        ("NATO OR CS/VP14 OR 30", "[NATO | CS/VP14 | 30]"),
        ("a BEFORE/3 b NEAR/0 c", "[a >3 b ~0 c]"),
        ("SENTENCE(a, b OR c, NOT d)", "s[a & [b | c] & !d]"),
        ("SENTENCE (a AND b)", "s[a & b]"),
        ("NOT SENTENCE(a,b)", "!s[a & b]"),
        ("2 of (a, \"b c\", @d NEAR/2 e, NOT f)", "2[a, b c, [@d ~2 e], !f]"),
        ("SENTENCE(2 of (a, b, c), d)", "s[2[a, b, c] & d]"),
        ("2 OR of", "[2 | of]"),
        ("12,000 OR 2,5", "[12,000 | 2,5]"),
        ("from:x:Hub AND by:\"African Hub\" AND has:media", "[from:x:Hub & by:\"African Hub\" & has:media]"),
        ("(lang:fr OR link:rt.com) AND NOT is:repost", "[[lang:fr | link:rt.com] & !is:repost]"),
        ("from:https://a.org/rss.xml", "from:https://a.org/rss.xml"),
        ("\"and\" OR \"from: x\"", "[and | from: x]"),
    ];
    for (condition, expected) in table {
        assert_eq!(shape(&parse(condition).unwrap()), expected, "{condition}");
    }
}

#[test]
fn what_is_wrong_is_told_with_place_and_remedy() {
    let table = [
        ("", 0, "is empty"),
        ("   ", 0, "is empty"),
        ("a b", 2, "no operator between `a` and `b`; write `a AND b`, or \"a b\" for a phrase"),
        ("a \"b c\"", 2, "no operator between `a` and `\"b c\"`; write `a AND \"b c\"`"),
        ("@a @b", 3, "write `@a AND @b`"),
        ("a (b OR c)", 2, "no operator between `a` and `(`"),
        ("a and b", 2, "`and` is a word here; operators are written in capitals: `AND`"),
        ("a Or b", 2, "`OR`"),
        ("not a", 0, "`NOT`"),
        ("a near/5 b", 2, "`NEAR/5`"),
        ("a NEAR b", 2, "`NEAR` has no distance"),
        ("a NEAR/ b", 2, "no number from 0 to 100"),
        ("a NEAR/101 b", 2, "no number from 0 to 100"),
        ("a NEAR/-1 b", 2, "no number from 0 to 100"),
        ("a ADN b", 2, "unknown operator `ADN`; did you mean `AND`?"),
        ("a AND", 2, "`AND` has no term behind it"),
        ("OR a", 0, "`OR` has no term before it"),
        ("a AND OR b", 2, "`AND` has no term behind it"),
        ("a AND (OR b)", 7, "`OR` has no term before it"),
        ("a NOT b", 2, "write `AND NOT`"),
        ("NOT", 0, "`NOT` has no term behind it"),
        ("(a OR b", 0, "never closed"),
        ("a)", 1, "never opened"),
        (")", 0, "never opened"),
        ("()", 0, "nothing stands between"),
        ("a AND (", 6, "never closed"),
        ("\"a b", 0, "quote is never closed"),
        ("a AND \"\"", 6, "nothing between these quotes"),
        ("@ AND a", 0, "name of a concept is missing"),
        ("(a AND b) NEAR/3 c", 1, "`AND` cannot stand beside NEAR or BEFORE"),
        ("a NEAR/3 (b OR NOT c)", 15, "`NOT` cannot stand beside NEAR or BEFORE"),
        ("a NEAR/3 NOT c", 9, "`NOT` cannot stand beside NEAR or BEFORE"),
        ("a BEFORE b", 2, "`BEFORE` has no distance; write it as `BEFORE/10`"),
        ("a before/5 b", 2, "`BEFORE/5`"),
        ("a ONEAR/3 b", 2, "unknown operator `ONEAR/3`; write `BEFORE/10`"),
        ("a XOR b", 2, "unknown operator `XOR`"),
        ("COUNT(a, b)", 0, "unknown operator `COUNT`"),
        ("SENTENCE", 0, "write `SENTENCE(a, b)`"),
        ("sentence(a, b)", 0, "in capitals: `SENTENCE(a, b)`"),
        ("SENTENCE(a)", 0, "a single word always stands in one sentence"),
        ("SENTENCE()", 8, "nothing stands between"),
        ("SENTENCE(a, )", 10, "`,` has no term behind it"),
        ("SENTENCE(a, b", 0, "never closed"),
        ("SENTENCE(a, SENTENCE(b, c))", 12, "stands in one sentence already"),
        ("SENTENCE(a, has:link)", 12, "write it outside: `SENTENCE(a, b) AND has:link`"),
        ("SENTENCE(a, b) NEAR/3 c", 0, "`SENTENCE` cannot stand beside NEAR"),
        ("2 of (a)", 0, "`2 of` can never be met by one part"),
        ("3 of (a, b)", 0, "`3 of` can never be met by 2 parts"),
        ("0 of (a, b)", 0, "no sensible number"),
        ("2 of (a, b, a)", 12, "stands twice"),
        ("2 OF (a, b)", 0, "small `of`"),
        ("2 of a", 0, "counts what stands in parentheses"),
        ("(a, b)", 2, "a comma has no meaning here"),
        (", a", 0, "a comma has no meaning here"),
        ("form:AfricanHub_ AND a", 0, "unknown field `form:`; did you mean `from:`?"),
        ("site:rt.com", 0, "unknown field `site:`; fields are from: by:"),
        ("a AND lang: fr", 6, "the value of `lang:` is missing"),
        ("a AND lang:french", 6, "no language code"),
        ("a AND has:picture", 6, "write `has:media`"),
        ("a NEAR/3 has:media", 9, "`has:media` cannot stand beside NEAR"),
        ("a && b", 2, "unknown operator `&&`; write `AND`"),
        ("a AND -b", 6, "write `NOT b`"),
        ("a, b", 1, "comma"),
        ("“military aid”", 0, "straight quotes"),
    ];
    for (condition, at, message) in table {
        let faults = parse(condition).unwrap_err();
        assert_eq!(faults[0].at, at, "{condition}: {faults:?}");
        assert!(faults[0].message.contains(message), "{condition}: {faults:?}");
    }
}

#[test]
fn all_that_cannot_stand_in_a_condition_is_told_at_once() {
    let places: Vec<usize> = parse("form:a AND b NEAR c OR -d AND is:retweet")
        .unwrap_err()
        .into_iter()
        .map(|fault| fault.at)
        .collect();
    assert_eq!(places, [0, 13, 23, 30]);
}

#[test]
fn a_condition_of_any_depth_and_length_is_answered() {
    let deep = format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(parse(&deep).unwrap_err()[0].message.contains("deeply"));
    assert!(parse(&format!("{}a", "NOT ".repeat(10_000))).is_ok());
    assert!(parse(&vec!["a"; 10_000].join(" OR ")).is_ok());
    assert!(parse(&vec!["a"; 10_000].join(" NEAR/3 ")).is_ok());
    let calls = format!("{}a{}", "2 of (b, ".repeat(10_000), ")".repeat(10_000));
    assert!(parse(&calls).unwrap_err()[0].message.contains("deeply"));
    assert!(parse(&format!("SENTENCE({})", vec!["a"; 10_000].join(", "))).is_ok());
}
