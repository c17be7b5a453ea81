//! Refuses texts that are nested too deep, by their tokens. The lexer needs no recursion, and each token is looked at once.

use crate::rulebook::syntax::Fault;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// Brackets, blocks, formatted strings and lambdas within each other.
const DEEPEST: usize = 100;
/// Operators of one expression, each of which may be a step down in its tree.
const LONGEST: usize = 2_000;

/// Checks a text.
pub(super) fn check(text: &str) -> Result<(), Fault> {
    let mut lexer = lexer::lex(text, Mode::Module);
    let mut depth = Depth::default();
    loop {
        let kind = lexer.next_token();
        // The lexer does not tell where it is.
        let fault = |message: &str| Err(Fault::at(None, message));
        match kind {
            TokenKind::EndOfFile => return Ok(()),
            TokenKind::Unknown => return fault("a sign, a string or an indentation that is no Python 3"),
            _ => depth.take(kind),
        }
        if depth.nested() > DEEPEST {
            return fault("nested too deep; it is not read on");
        }
        if depth.operators > LONGEST {
            return fault("an expression with too many operators; it is not read on");
        }
    }
}

/// How deep the tree of what was read so far may be.
#[derive(Default)]
struct Depth {
    blocks: usize,
    /// Of each open bracket: operators and lambdas since its last comma, before it was opened.
    open: Vec<(usize, usize)>,
    strings: usize,
    operators: usize,
    lambdas: usize,
    /// Those of the current bracket.
    own: (usize, usize),
}

impl Depth {
    fn nested(&self) -> usize {
        self.blocks + self.open.len() + self.strings + self.lambdas
    }

    /// Forgets what the current bracket counted: another expression begins.
    fn next(&mut self) {
        self.operators -= self.own.0;
        self.lambdas -= self.own.1;
        self.own = (0, 0);
    }

    fn take(&mut self, kind: TokenKind) {
        use TokenKind as T;
        match kind {
            T::Indent => self.blocks += 1,
            T::Dedent => self.blocks = self.blocks.saturating_sub(1),
            T::Newline => {
                self.open.clear();
                (self.strings, self.operators, self.lambdas, self.own) = (0, 0, 0, (0, 0));
            }
            T::FStringStart | T::TStringStart => self.strings += 1,
            T::FStringEnd | T::TStringEnd => self.strings = self.strings.saturating_sub(1),
            // Parameters of a lambda have commas of their own, so that a comma there does not end it.
            T::Comma if self.own.1 == 0 => self.next(),
            T::Lambda => {
                self.lambdas += 1;
                self.own.1 += 1;
            }
            T::Lpar | T::Lsqb | T::Lbrace => {
                self.operator();
                self.open.push(self.own);
                self.own = (0, 0);
            }
            T::Rpar | T::Rsqb | T::Rbrace => {
                self.next();
                self.own = self.open.pop().unwrap_or_default();
            }
            T::Dot
            | T::Plus
            | T::Minus
            | T::Star
            | T::Slash
            | T::DoubleStar
            | T::DoubleSlash
            | T::Percent
            | T::At
            | T::Vbar
            | T::Amper
            | T::CircumFlex
            | T::Tilde
            | T::LeftShift
            | T::RightShift
            | T::Not
            | T::If
            | T::Await
            | T::Yield
            | T::ColonEqual => self.operator(),
            _ => {}
        }
    }

    fn operator(&mut self) {
        self.operators += 1;
        self.own.0 += 1;
    }
}
