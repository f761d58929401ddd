use super::*;

fn shown(written: &str, code: &str, text: &str, form: &str, field: Field) -> String {
    let start = text.find(form).unwrap();
    let languages: Vec<Language> = Language::parse(code).into_iter().collect();
    let place = Place { field, text, start, end: start + form.len() };
    let traces = Traces::default();
    let folds = traces.folds((0, written), &languages, place);
    assert_eq!(traces.folds((0, written), &languages, place), folds, "told again");
    folds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_fold_that_was_needed_is_named_and_no_other() {
    let table = [
        ("weapon", "en", "weapon", ""),
        ("weapon", "en", "Weapon", "case"),
        ("weapon", "en", "weapons", "stem:en"),
        ("weapon", "en", "WEAPONS", "case stem:en"),
        ("=weapon", "en", "𝘄𝗲𝗮𝗽𝗼𝗻", "compatibility"),
        ("Russia", "en", "𝗥𝘂𝘀𝘀𝗶𝗮", "compatibility"),
        ("weapons", "en", "wea\u{200B}pons", "noise"),
        ("weapons", "en", "wеapons", "look-alike"),
        ("weapons", "en", "w3ap0ns", "look-alike"),
        ("weapon", "en", "W3ap0ns", "look-alike case stem:en"),
        ("weapon", "en", "we.ap.ons", "look-alike stem:en"),
        ("=night sight", "en", "n1ght s1ght", "look-alike"),
        ("Su-30 MK", "en", "Su30MK", ""),
        ("Traoré", "", "Traore", "diacritics"),
        ("Traore", "", "TRAORÉ", "case diacritics"),
        ("Traoré", "", "Traore\u{301}", "diacritics"),
        ("Traoré", "", "Traoré", ""),
        ("histor*", "en", "Historical", "case prefix"),
        ("Burkina Faso", "en", "burkinafaso", "case joined"),
        ("Burkina Faso", "en", "Burkina-Faso", ""),
        ("سلاح", "ar", "والسلاح", "clitic"),
        ("سلاح", "ar", "بالسلاح", "clitic"),
        ("أسلحة", "ar", "اسلحة", "diacritics"),
        ("السلاح", "ar", "الـــسلاح", "noise"),
        ("поставка", "ru", "Поставки", "case stem:ru"),
        ("🇧🇫", "", "🇧🇫", ""),
        ("==US", "", "ＵＳ", "compatibility"),
        ("俄罗斯", "zh", "俄罗斯", ""),
    ];
    for (written, code, form, expected) in table {
        assert_eq!(shown(written, code, form, form, Field::Text), expected, "{written}: {form}");
    }
}

#[test]
fn the_same_words_are_told_apart_by_what_is_around_them_and_by_their_terms() {
    let text = "#AfricaCorps Africa https://africa.org";
    let traces = Traces::default();
    let told = |number, written, field, start| {
        let place = Place { field, text, start, end: start + 6 };
        traces.folds((number, written), &[], place)
    };
    for _ in 0..2 {
        assert_eq!(told(0, "Africa", Field::Text, 1), [Fold::Part]);
        assert_eq!(told(0, "Africa", Field::Text, 13), []);
        assert_eq!(told(1, "africa", Field::Text, 13), [Fold::Case]);
        assert_eq!(told(1, "africa", Field::Link(0), 28), []);
    }
}

#[test]
fn what_goes_on_around_the_words_counts() {
    let table = [
        ("Africa Corps", "#AfricaCorps", "AfricaCorps", "joined"),
        ("Africa", "#AfricaCorps", "Africa", "part"),
        ("Il-76", "(Il76)", "Il76", ""),
        ("俄", "俄罗斯", "俄", ""),
        ("=arms", "arms,", "arms", ""),
    ];
    for (written, text, form, expected) in table {
        assert_eq!(shown(written, "en", text, form, Field::Text), expected, "{written}: {form}");
    }
    let link = "https://x.org/%D0%9C%D0%B0%D0%BB%D0%B8";
    let form = "%D0%9C%D0%B0%D0%BB%D0%B8";
    assert_eq!(shown("Мали", "ru", link, form, Field::Link(0)), "address");
}
