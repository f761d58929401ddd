//! Numbers, dates and denials by their words: what may not differ within a story.

use std::collections::HashMap;
use std::sync::OnceLock;

/// What a word counts or dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// So many, or so great a unit. `Exactly(3)` is what the digit says.
    Exactly(u32),
    /// The so-maniest.
    Place(u32),
    /// A day of the week or a month, by its number from 1; months from 11.
    Date(u32),
    /// It says that something is not so.
    Denial,
}

/// Words by the number they say, folded. One is left out: it is an article as well.
const COUNTS: &[(u32, &str)] = &[
    (2, "two/deux/два/две/двух/dois/duas/iki/mbili/biyu/اثنين/اثنان/二/两"),
    (3, "three/trois/три/трех/tres/uc/tatu/uku/ثلاثه/ثلاث/三"),
    (4, "four/quatre/четыре/четырех/quatro/cuatro/dort/nne/hudu/اربعه/اربع/四"),
    (5, "five/cinq/пять/пяти/cinco/bes/tano/biyar/خمسه/خمس/五"),
    (6, "six/seis/шесть/шести/seis/alti/sita/shida/سته/ست/六"),
    (7, "seven/sept/семь/семи/sete/siete/yedi/saba/bakwai/سبعه/سبع/七"),
    (8, "eight/huit/восемь/восьми/oito/ocho/sekiz/nane/takwas/ثمانيه/ثمان/八"),
    (9, "nine/neuf/девять/девяти/nove/nueve/dokuz/tisa/tara/تسعه/تسع/九"),
    (10, "ten/dix/десять/десяти/dez/diez/kumi/goma/عشره/عشر/十"),
    (11, "eleven/onze/одиннадцать"),
    (12, "twelve/douze/двенадцать/двенадцати/doze/doce/dozen/douzaine/dizaine/дюжина"),
    (13, "thirteen/treize/тринадцать/treze/trece"),
    (14, "fourteen/quatorze/четырнадцать/catorze/catorce"),
    (15, "fifteen/quinze/пятнадцать/пятнадцати/quince"),
    (16, "sixteen/seize/шестнадцать/dezasseis/dezesseis/dieciseis"),
    (17, "seventeen/семнадцать/dezassete/dezessete/diecisiete"),
    (18, "eighteen/восемнадцать/dezoito/dieciocho"),
    (19, "nineteen/девятнадцать/dezanove/diecinueve"),
    (20, "twenty/vingt/двадцать/двадцати/vinte/veinte/yirmi/ishirini/ashirin/عشرين/عشرون"),
    (30, "thirty/trente/тридцать/тридцати/trinta/treinta/otuz/thelathini/talatin/ثلاثين/ثلاثون"),
    (40, "forty/quarante/сорок/сорока/quarenta/cuarenta/kirk/arobaini/arbain/اربعين/اربعون"),
    (50, "fifty/cinquante/пятьдесят/пятидесяти/cinquenta/cincuenta/elli/hamsini/hamsin/خمسين/خمسون"),
    (60, "sixty/soixante/шестьдесят/sessenta/sesenta/altmis/sitini/ستين/ستون"),
    (70, "seventy/семьдесят/setenta/yetmis/sabini/سبعين/سبعون"),
    (80, "eighty/восемьдесят/oitenta/ochenta/seksen/themanini/ثمانين/ثمانون"),
    (90, "ninety/девяносто/noventa/doksan/tisini/تسعين/تسعون"),
    (
        100,
        "hundred/cent/сто/ста/cem/cien/ciento/yuz/mia/dari/مايه/ميه/百/centaine/hundreds/centaines/сотня/сотни/сотен",
    ),
    (200, "двести/duzentos/doscientos/مايتين/مايتا"),
    (300, "триста/trezentos/trescientos"),
    (1000, "thousand/thousands/mille/milliers/тысяча/тысячи/тысяч/mil/milhares/elfu/dubu/الف/الاف/千"),
    (10_000, "万"),
    (
        1_000_000,
        "million/millions/миллион/миллиона/миллионов/млн/milhao/milhoes/millon/millones/milyon/milioni/miliyan/مليون",
    ),
    (
        1_000_000_000,
        "billion/billions/milliard/milliards/миллиард/миллиарда/миллиардов/млрд/bilhao/milyar/bilioni/مليار/亿",
    ),
];

const PLACES: &[(u32, &str)] = &[
    (1, "first/premier/premiere/перв~/primeiro/primeira/primero/primera/birinci/farko"),
    (2, "second/deuxieme/втор~/seconde/ikinci/ثانيه/ثاني"),
    (3, "third/troisieme/трет~/terceiro/terceira/tercer/tercero/tercera/ucuncu/ثالث/ثالثه"),
    (4, "fourth/quatrieme/четверт~/quarto/quarta/cuarto/cuarta/dorduncu/رابع/رابعه"),
    (5, "fifth/cinquieme/пят~/quinto/quinta/besinci/خامس/خامسه"),
    (6, "sixth/sixieme/шест~/sexto/sexta/altinci/سادس/سادسه"),
    (7, "seventh/septieme/седьм~/setimo/setima/septimo/yedinci/سابع/سابعه"),
    (8, "eighth/huitieme/восьм~/oitavo/octavo/sekizinci/ثامن/ثامنه"),
    (9, "ninth/neuvieme/девят~/nono/noveno/dokuzuncu/تاسع/تاسعه"),
    (10, "tenth/dixieme/десят~/decimo/onuncu/عاشر/عاشره"),
];

const DATES: &[(u32, &str)] = &[
    (1, "monday/lundi/понедельник/понедельника/lunes/pazartesi/jumatatu/litinin/اثنين/周一"),
    (2, "tuesday/mardi/вторник/вторника/martes/sali/jumanne/talata/ثلاثاء"),
    (3, "wednesday/mercredi/среду/miercoles/carsamba/jumatano/laraba/اربعاء"),
    (4, "thursday/jeudi/четверг/четверга/jueves/persembe/alhamisi/alhamis/خميس"),
    (5, "friday/vendredi/пятницу/пятницы/viernes/cuma/ijumaa/jummaa/جمعه"),
    (6, "saturday/samedi/субботу/субботы/sabado/cumartesi/jumamosi/asabar/سبت"),
    (7, "sunday/dimanche/воскресенье/воскресенья/domingo/pazar/jumapili/lahadi/احد"),
    (11, "january/jan/janvier/января/январе/janeiro/enero/ocak/يناير"),
    (12, "february/feb/fevrier/февраля/феврале/fevereiro/febrero/subat/فبراير"),
    (13, "march/mars/марта/марте/marco/marzo/mart/مارس"),
    (14, "april/apr/avril/апреля/апреле/abril/nisan/ابريل"),
    (15, "may/mai/мая/мае/maio/mayo/mayis/مايو"),
    (16, "june/jun/juin/июня/июне/junho/junio/haziran/يونيو"),
    (17, "july/jul/juillet/июля/июле/julho/julio/temmuz/يوليو"),
    (18, "august/aug/aout/августа/августе/agosto/agustos/اغسطس"),
    (19, "september/sep/septembre/сентября/сентябре/setembro/septiembre/eylul/سبتمبر"),
    (20, "october/oct/octobre/октября/октябре/outubro/octubre/ekim/اكتوبر"),
    (21, "november/nov/novembre/ноября/ноябре/novembro/noviembre/kasim/نوفمبر"),
    (22, "december/dec/decembre/декабря/декабре/dezembro/diciembre/aralik/ديسمبر"),
];

/// Words that turn a report into its contrary.
const DENIALS: &str = "not/never/denies/denied/deny/fake/false/pas/jamais/dement/dementi/dementent/faux/не/нет/никогда/опроверг/\
    опровергли/опровергает/опровергла/фейк/nao/nunca/nega/negou/desmente/falso/niega/desmiente/degil/yalanladi/hakuna/sio/\
    karyata/لم/لن/ليس/ليست/لا/نفي/نفت/تنفي/ينفي/没/未/不/否认";

/// These words are dates only in a text that gives them a capital.
const CAPITAL: &[&str] = &["may", "march", "mart", "pazar", "sep", "ocak", "jan", "ekim"];

/// What `word`, folded, measures; `shown` is the word as written.
pub fn measure(word: &str, shown: &str) -> Option<Measure> {
    static TABLE: OnceLock<HashMap<String, Measure>> = OnceLock::new();
    let table = TABLE.get_or_init(table);
    let found = *table.get(word.strip_prefix("ال").unwrap_or(word))?;
    let everyday = CAPITAL.contains(&word) && !shown.starts_with(char::is_uppercase);
    (!everyday).then_some(found)
}

/// The endings of Russian words that say a place in a row.
const ENDINGS: &[&str] =
    &["ый", "ий", "ой", "ая", "ую", "ое", "ые", "ого", "ому", "ым", "ых", "ья", "ьей", "ью", "ьего", "ье"];

fn table() -> HashMap<String, Measure> {
    let mut table = HashMap::new();
    let mut add = |words: &str, measure: Measure| {
        for word in words.split('/') {
            match word.strip_suffix('~') {
                Some(start) => table.extend(ENDINGS.iter().map(|end| (format!("{start}{end}"), measure))),
                None => _ = table.insert(word.to_owned(), measure),
            }
        }
    };
    for (date, words) in DATES {
        add(words, Measure::Date(*date));
    }
    for (place, words) in PLACES {
        add(words, Measure::Place(*place));
    }
    for (count, words) in COUNTS {
        add(words, Measure::Exactly(*count));
    }
    add(DENIALS, Measure::Denial);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_measure_what_they_say() {
        let table = [
            ("four", "four", Some(Measure::Exactly(4))),
            ("quarante", "quarante", Some(Measure::Exactly(40))),
            ("четвертая", "четвёртая", Some(Measure::Place(4))),
            ("третьей", "третьей", Some(Measure::Place(3))),
            ("mars", "mars", Some(Measure::Date(13))),
            ("may", "may", None),
            ("may", "May", Some(Measure::Date(15))),
            ("اثنين", "اثنين", Some(Measure::Exactly(2))),
            ("не", "не", Some(Measure::Denial)),
            ("one", "one", None),
            ("weapons", "weapons", None),
        ];
        for (word, shown, expected) in table {
            assert_eq!(measure(word, shown), expected, "{word}");
        }
    }
}
