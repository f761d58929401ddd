//! Conditions: what a rule asks for, as people write it.
//!
//! ```text
//! any  = all (OR all)*          all  = not (AND not)*
//! not  = NOT* near              near = part ((NEAR/n | BEFORE/n) part)*
//! part = word | "phrase" | @concept | field:value | ( any ) | SENTENCE( list ) | n of ( list )
//! list = any (, any)*
//! ```

mod blame;
mod fit;

use self::fit::{alike, can_be_near, in_sentence};
use super::fact::Fact;
use super::lexeme::{Fault, Lexeme, Reach, Sign, lexemes};

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
    /// At least so many of these.
    Few(usize, Vec<Expression>),
    /// The first, and each further one near those before it.
    Near(Box<Expression>, Vec<(Reach, Expression)>),
    /// This, by the words of one sentence.
    Sentence(Box<Expression>),
    /// A field with its value.
    Fact(Fact),
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
        while let Some(Lexeme { sign: Sign::Near(reach), .. }) = self.peek() {
            self.at += 1;
            others.push((*reach, self.part()?));
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
            Sign::Fact(name, value) => {
                Kind::Fact(Fact::parse(name, value).map_err(|message| Fault { at, message })?)
            }
            Sign::Open => return self.parentheses(at),
            Sign::Sentence => return self.sentence(at),
            Sign::Of(few) => return self.few(at, few),
            _ => return Err(self.missing(Some(lexeme))),
        };
        self.at += 1;
        Ok(Expression { at, kind })
    }

    fn parentheses(&mut self, at: usize) -> Parsed {
        let mut list = self.list(at)?;
        match (list.pop(), list.first()) {
            (Some(only), None) => Ok(only),
            _ => Err(Fault {
                at: self.comma(at),
                message: "a comma has no meaning here; write `OR` or `AND`".into(),
            }),
        }
    }

    /// What stands in parentheses, which open here and began with the byte `at`.
    fn list(&mut self, at: usize) -> Result<Vec<Expression>, Fault> {
        let fault = |message: &str| Fault { at, message: message.into() };
        if self.depth == DEEPEST {
            return Err(fault("parentheses nest too deeply here; put parts of the rule into concepts"));
        }
        self.at += 1;
        self.depth += 1;
        let mut parts = vec![self.any()?];
        while self.take(Sign::Comma) {
            parts.push(self.any()?);
        }
        self.depth -= 1;
        if self.take(Sign::Close) {
            return Ok(parts);
        }
        Err(self
            .peek()
            .map_or_else(|| fault("this parenthesis is never closed; add `)`"), |next| self.unjoined(next)))
    }

    fn sentence(&mut self, at: usize) -> Parsed {
        self.at += 1;
        let parts = self.list(at)?;
        parts.iter().try_for_each(in_sentence)?;
        let inner = match <[Expression; 1]>::try_from(parts) {
            Ok([only]) if matches!(only.kind, Kind::Term(_) | Kind::Concept(_)) => {
                let message = "a single word always stands in one sentence; write `SENTENCE(a, b)`".into();
                return Err(Fault { at, message });
            }
            Ok([only]) => only,
            Err(parts) => Expression { at, kind: Kind::All(parts) },
        };
        Ok(Expression { at, kind: Kind::Sentence(Box::new(inner)) })
    }

    fn few(&mut self, at: usize, few: usize) -> Parsed {
        self.at += 1;
        let parts = self.list(at)?;
        if parts.len() < 2 || few > parts.len() {
            let message = format!(
                "`{few} of` can never be met by {}; list more, divided by commas: `2 of (a, b, c)`",
                if parts.len() == 1 { "one part".into() } else { format!("{} parts", parts.len()) }
            );
            return Err(Fault { at, message });
        }
        let twice =
            parts.iter().enumerate().find(|(n, part)| parts.iter().take(*n).any(|other| alike(part, other)));
        if let Some((_, part)) = twice {
            let message = "this part stands twice in the list and would count twice; remove it here".into();
            return Err(Fault { at: part.at, message });
        }
        Ok(Expression { at, kind: Kind::Few(few, parts) })
    }

    /// The first comma behind byte `at`.
    fn comma(&self, at: usize) -> usize {
        let comma = |lexeme: &&Lexeme| lexeme.sign == Sign::Comma && lexeme.range.start > at;
        self.lexemes.iter().find(comma).map_or(at, |comma| comma.range.start)
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
}

#[cfg(test)]
mod tests;
