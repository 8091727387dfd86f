"""The grammar of formulas as text, for lark: what stands in `docs/reference.md` under “Temporal formulas”."""

from __future__ import annotations

GRAMMAR = r"""
?formula: implication | formula "<->" implication                     -> equivalence
?implication: disjunction | disjunction "->" implication
?disjunction: conjunction (_OR conjunction)*
?conjunction: until (_AND until)*
?until: prefix | prefix UNTIL until

// A temporal operator is no operand of a comparison: so `G x == 1` is G(x == 1), and `not x == y` is not (x == y).
?prefix: comparison | _prefixed
_prefixed: negation | path | copies
negation: _NOT prefix
path: (PATH | QUANTIFIER) prefix | QUANTIFIER "[" formula "]"
// An operator after this formula could be its own or that of what stands around it: the parser takes it in.
copies: COPIES NAME "in" _name ":" formula

?comparison: added | added COMPARISON added | added COMPARISON _prefixed
?added: multiplied ((PLUS | MINUS) multiplied)*
?multiplied: signed (TIMES signed)*
?signed: atom | MINUS signed                                          -> negative
?atom: "(" formula ")"
    | NUMBER                                                          -> number
    | LITERAL                                                         -> literal
    | _name (member | index)*                                         -> reference
    | "after" "(" formula ")"                                         -> after
    | "enabled" "(" trigger ")"                                       -> enabled
    | "happens" "(" trigger ("," _returns)? ")"                       -> happens
    | "accepts" "(" _name "," trigger ("," _returns)? ")"             -> accepts
member: "." _name
index: "[" (_name | NUMBER) "]"
trigger: _name ("." _name)*
_returns: ("returns" "=")? results
results: _result | "[" _result ("," _result)* "]"
_result: _name | INTEGER
_name: NAME | QUOTED

NAME: /[^\W\d]\w*/
QUOTED: /"[^"\n]*"|'[^'\n]*'/
NUMBER: /\d+/
INTEGER: /-?\d+/
LITERAL.2: /(true|false|none|None|deadlock)\b/
PATH.2: /[AE]?[XFG]\b/
QUANTIFIER.2: /[AE]\b/
_NOT.2: /!(?!=)|~|not\b/
COPIES.2: /(forall|exists)\b/
COMPARISON: /[=!<>]=|<|>/
PLUS: "+"
MINUS: "-"
TIMES: "*"
UNTIL.2: /[URW]\b/
_AND.2: /&&?|and\b/
_OR.2: /\|\|?|or\b/
%ignore /\s+/
"""
"""Loosest first; `->`, U, R and W lean to the right."""
