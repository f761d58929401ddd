//! What to say of a condition that cannot be read.

use super::Parser;
use super::fit::not_near;
use crate::setting::nearest;
use crate::watch::lexeme::{Fault, Lexeme, Sign};

impl Parser<'_, '_> {
    /// The fault where a term should stand but `next` does.
    pub(super) fn missing(&self, next: Option<&Lexeme>) -> Fault {
        let before = self.before();
        let fault = |lexeme: &Lexeme, message: String| Fault { at: lexeme.range.start, message };
        match (before, next) {
            (Some(open @ Lexeme { sign: Sign::Open, .. }), Some(Lexeme { sign: Sign::Close, .. })) => {
                fault(open, "nothing stands between these parentheses".into())
            }
            (Some(open @ Lexeme { sign: Sign::Open, .. }), None) => {
                fault(open, "this parenthesis is never closed; add a term and `)`".into())
            }
            (None, Some(close @ Lexeme { sign: Sign::Close, .. })) => fault(close, never_opened()),
            (Some(Lexeme { sign: Sign::Near(_), .. }), Some(not @ Lexeme { sign: Sign::Not, .. })) => {
                fault(not, not_near("NOT"))
            }
            (None, Some(comma @ Lexeme { sign: Sign::Comma, .. })) => {
                fault(comma, "a comma has no meaning here; write `OR` or `AND` between terms".into())
            }
            (None | Some(Lexeme { sign: Sign::Open, .. }), Some(operator)) => {
                fault(operator, format!("`{}` has no term before it", self.written(operator)))
            }
            (Some(operator), _) => {
                fault(operator, format!("`{}` has no term behind it", self.written(operator)))
            }
            (None, None) => Fault { at: 0, message: "a term is missing".into() },
        }
    }

    /// The fault where the condition should end or an operator stand, but `next` does.
    pub(super) fn unjoined(&self, next: &Lexeme) -> Fault {
        let message = match next.sign {
            Sign::Close => never_opened(),
            Sign::Not => "write `AND NOT` between two terms".into(),
            Sign::Comma => "a comma has no meaning here; write `OR` or `AND` between terms".into(),
            _ => {
                let before = self.before();
                let mut words = [Some(next), before].into_iter().flatten();
                if let Some((word, message)) = words.find_map(|word| Some((word, misspelt(word)?))) {
                    return Fault { at: word.range.start, message };
                }
                self.side_by_side(before, next)
            }
        };
        Fault { at: next.range.start, message }
    }

    fn side_by_side(&self, before: Option<&Lexeme>, next: &Lexeme) -> String {
        let (left, right) = (before.map_or("", |before| self.written(before)), self.written(next));
        let phrase = match (before.map(|before| before.sign), next.sign) {
            (Some(Sign::Word(left)), Sign::Word(right)) => format!(", or \"{left} {right}\" for a phrase"),
            _ => String::new(),
        };
        format!("no operator between `{left}` and `{right}`; write `{left} AND {right}`{phrase}")
    }
}

fn never_opened() -> String {
    "this parenthesis was never opened; remove it".into()
}

/// What to write instead of a word that was meant as an operator.
fn misspelt(lexeme: &Lexeme) -> Option<String> {
    let Sign::Word(word) = lexeme.sign else { return None };
    let operators = ["AND", "OR", "NOT"];
    if let Some(operator) = operators.into_iter().find(|operator| operator.eq_ignore_ascii_case(word)) {
        return Some(format!(
            "`{word}` is a word here; operators are written in capitals: `{operator}`, words in quotes"
        ));
    }
    let capitals = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let near = nearest(word, operators).filter(|_| capitals)?;
    Some(format!("unknown operator `{word}`; did you mean `{near}`?"))
}
