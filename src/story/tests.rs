use super::*;
#[test]
fn dbg() {
    for t in [
        "Amurka ta bai wa sojojin Benin motoci masu sulke guda goma da kayan sadarwa don tsaron iyaka da Najeriya",
        "Amurka ta ba sojojin Benin motoci masu sulke guda 10 da kayan sadarwa don tsaron iyaka da Najeriya",
    ] {
        let w = Wording::of(t, &[]);
        println!("{:?}", w.words.iter().map(|w| (w.id(), w.kind())).collect::<Vec<_>>());
    }
}
