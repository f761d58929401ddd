//! Conditions: what a rule asks for, as people write it.
//!
//! ```text
//! any  = all (OR all)*          all  = not (AND not)*
//! not  = NOT* near              near = part (NEAR/n part)*
//! part = word | "phrase" | @concept | ( any )
//! ```

use super::lexeme::{Fault, Lexeme, Sign, lexemes};
use crate::setting::nearest;

/// A condition, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// First byte in the condition.
    pub at: usize,
    /// What it asks for.
    pub kind: Kind,
}

/// What a condition asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word or phrase, as written between the quotes.
    Term(String),
    /// Any term of a concept.
    Concept(String),
    /// Not this.
    Not(Box<Expression>),
    /// All of these.
    All(Vec<Expression>),
    /// At least one of these.
    Any(Vec<Expression>),
    /// The first, and each further one at most so many tokens from those before it.
    Near(Box<Expression>, Vec<(usize, Expression)>),
}

/// Parentheses nest no deeper, so that no condition exhausts the stack.
const DEEPEST: usize = 50;

/// Reads a condition; the faults are in its order.
pub fn parse(condition: &str) -> Result<Expression, Vec<Fault>> {
    let lexemes = lexemes(condition)?;
    let mut parser = Parser { condition, lexemes: &lexemes, at: 0, depth: 0 };
    if lexemes.is_empty() {
        return Err(vec![Fault {
            at: 0,
            message: "the condition is empty; write the words to look for".into(),
        }]);
    }
    let whole = parser.any().and_then(|whole| match parser.peek() {
        None => Ok(whole),
        Some(next) => Err(parser.unjoined(next)),
    });
    whole.map_err(|fault| vec![fault])
}

struct Parser<'l, 'c> {
    condition: &'c str,
    lexemes: &'l [Lexeme<'c>],
    at: usize,
    depth: usize,
}

type Parsed = Result<Expression, Fault>;

impl<'l, 'c> Parser<'l, 'c> {
    fn any(&mut self) -> Parsed {
        self.chain(Sign::Or, Self::all, Kind::Any)
    }

    fn all(&mut self) -> Parsed {
        self.chain(Sign::And, Self::not, Kind::All)
    }

    fn chain(
        &mut self,
        sign: Sign,
        part: fn(&mut Self) -> Parsed,
        kind: fn(Vec<Expression>) -> Kind,
    ) -> Parsed {
        let first = part(self)?;
        let at = first.at;
        let mut parts = vec![first];
        while self.take(sign) {
            parts.push(part(self)?);
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => Expression { at, kind: kind(parts.into_iter().chain(last).collect()) },
        })
    }

    fn not(&mut self) -> Parsed {
        let at = self.peek().map_or(0, |next| next.range.start);
        let mut negated = false;
        while self.take(Sign::Not) {
            negated = !negated;
        }
        let near = self.near()?;
        Ok(if negated { Expression { at, kind: Kind::Not(Box::new(near)) } } else { near })
    }

    fn near(&mut self) -> Parsed {
        let first = self.part()?;
        let mut others = Vec::new();
        while let Some(Lexeme { sign: Sign::Near(distance), .. }) = self.peek() {
            self.at += 1;
            others.push((*distance, self.part()?));
        }
        if others.is_empty() {
            return Ok(first);
        }
        others.iter().map(|(_, other)| other).chain([&first]).try_for_each(can_be_near)?;
        Ok(Expression { at: first.at, kind: Kind::Near(Box::new(first), others) })
    }

    fn part(&mut self) -> Parsed {
        let Some(lexeme) = self.peek() else { return Err(self.missing(None)) };
        let at = lexeme.range.start;
        let kind = match lexeme.sign {
            Sign::Word(term) | Sign::Phrase(term) => Kind::Term(term.into()),
            Sign::Concept(name) => Kind::Concept(name.into()),
            Sign::Open => return self.parentheses(at),
            _ => return Err(self.missing(Some(lexeme))),
        };
        self.at += 1;
        Ok(Expression { at, kind })
    }

    fn parentheses(&mut self, at: usize) -> Parsed {
        let fault = |message: &str| Fault { at, message: message.into() };
        if self.depth == DEEPEST {
            return Err(fault("parentheses nest too deeply here; put parts of the rule into concepts"));
        }
        self.at += 1;
        self.depth += 1;
        let inner = self.any()?;
        self.depth -= 1;
        if self.take(Sign::Close) {
            return Ok(inner);
        }
        Err(self
            .peek()
            .map_or_else(|| fault("this parenthesis is never closed; add `)`"), |next| self.unjoined(next)))
    }

    fn peek(&self) -> Option<&'l Lexeme<'c>> {
        self.lexemes.get(self.at)
    }

    fn take(&mut self, sign: Sign) -> bool {
        let there = self.peek().is_some_and(|next| next.sign == sign);
        self.at += usize::from(there);
        there
    }

    fn before(&self) -> Option<&'l Lexeme<'c>> {
        self.lexemes.get(self.at.checked_sub(1)?)
    }

    fn written(&self, lexeme: &Lexeme) -> &'c str {
        self.condition.get(lexeme.range.clone()).unwrap_or_default()
    }

    /// The fault where a term should stand but `next` does.
    fn missing(&self, next: Option<&Lexeme>) -> Fault {
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
    fn unjoined(&self, next: &Lexeme) -> Fault {
        let message = match next.sign {
            Sign::Close => never_opened(),
            Sign::Not => "write `AND NOT` between two terms".into(),
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

fn not_near(what: &str) -> String {
    format!("`{what}` cannot stand inside NEAR; there, only words, phrases, concepts and ORs of these can")
}

fn can_be_near(part: &Expression) -> Result<(), Fault> {
    match &part.kind {
        Kind::Term(_) | Kind::Concept(_) | Kind::Near(..) => Ok(()),
        Kind::Any(parts) => parts.iter().try_for_each(can_be_near),
        Kind::All(_) => Err(Fault { at: part.at, message: not_near("AND") }),
        Kind::Not(_) => Err(Fault { at: part.at, message: not_near("NOT") }),
    }
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

#[cfg(test)]
mod tests {
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
            Kind::Near(first, others) => {
                let others: Vec<_> =
                    others.iter().map(|(n, other)| format!(" ~{n} {}", shape(other))).collect();
                format!("[{}{}]", shape(first), others.concat())
            }
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
            ("(a AND b) NEAR/3 c", 1, "`AND` cannot stand inside NEAR"),
            ("a NEAR/3 (b OR NOT c)", 15, "`NOT` cannot stand inside NEAR"),
            ("a NEAR/3 NOT c", 9, "`NOT` cannot stand inside NEAR"),
            ("a BEFORE/3 b", 2, "unknown operator `BEFORE/3`"),
            ("SENTENCE(a, b)", 0, "unknown operator `SENTENCE`"),
            ("2 of (a OR b)", 0, "unknown operator `2 of`"),
            ("from:AfricanHub_ AND a", 0, "unknown operator `from:`"),
            ("a AND lang:fr", 6, "unknown operator `lang:`"),
            ("a && b", 2, "unknown operator `&&`; write `AND`"),
            ("a AND -b", 6, "write `NOT b`"),
            ("a, b", 0, "comma"),
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
        let places: Vec<usize> =
            parse("from:a AND b NEAR c OR -d").unwrap_err().into_iter().map(|fault| fault.at).collect();
        assert_eq!(places, [0, 13, 23]);
    }

    #[test]
    fn a_condition_of_any_depth_and_length_is_answered() {
        let deep = format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(parse(&deep).unwrap_err()[0].message.contains("deeply"));
        assert!(parse(&format!("{}a", "NOT ".repeat(10_000))).is_ok());
        assert!(parse(&vec!["a"; 10_000].join(" OR ")).is_ok());
        assert!(parse(&vec!["a"; 10_000].join(" NEAR/3 ")).is_ok());
    }
}
