import Constraints
import TestSupport
import Testing

/// Regular expressions and written grammars.
struct NotationTests {
    @Test(
        "regular expressions match whole texts",
        arguments: [
            ("a+b?", ["a", "aab"], ["", "b", "abb"]),
            ("(foo|ba[rz]){2}", ["foobar", "bazfoo"], ["foo", "foofoofoo"]),
            ("^\\d{3}-\\w+$", ["123-a_B9"], ["12-a", "123-"]),
            ("[^a-c\\s]{1,2}", ["x", "é日"], ["a", " ", "xyz"]),
            (".", ["a", "€"], ["\n", "ab"]),
            ("a|", ["a", ""], ["b"]),
            ("\\x41\\u00e9\\u{1F600}\\.", ["Aé😀."], ["Aé😀x"]),
            ("(?:a|b)*?c", ["c", "abac"], ["ab"]),
            ("(?P<year>\\d{4})", ["2024"], ["24"]),
            ("\\W\\S\\D", ["--é"], ["a--", "- -", "--1"]),
            ("[\\]\\-x]+", ["]-x"], ["y"]),
        ])
    func expressions(_ expression: String, allowed: [String], forbidden: [String]) throws {
        let constraint = try Constraint.regularExpression(expression)
        for text in allowed { #expect(try constraint.accepts(text), "\(text)") }
        for text in forbidden { #expect(try !constraint.accepts(text), "\(text)") }
    }

    @Test(
        "what expressions cannot keep is refused by name",
        arguments: [
            ("(?=a)", "a lookahead"), ("(?<!a)", "a lookbehind"), ("(a)\\1", "a backreference"),
            ("\\bword", "a word boundary"),
            ("a^b", "'^' after the beginning"), ("a$b", "'$' before the end"), ("(?i)a", "a group with flags"),
            ("a++", "possessive"), ("*a", "a quantifier with nothing before it"), ("[a", "a class without ']'"),
            ("(a", "a group without ')'"), ("a)", "an unmatched ')'"), ("[z-a]", "a range in a class"),
            ("a{3,2}", "a repetition of 3 to 2 times"), ("\\p{L}", "a Unicode property"),
            ("a{1000000}", "more than 100000 times"),
        ])
    func expressionRefusals(_ expression: String, message: String) {
        let error = #expect(throws: ConstraintError.self) { try Constraint.regularExpression(expression) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(message), "\(error.map { "\($0)" } ?? "")")
    }

    @Test("grammars describe texts, with recursion, classes, repetitions and comments")
    func grammars() throws {
        let arithmetic = try Constraint.grammar(
            """
            # sums in parentheses
            root ::= expr ("=" expr)?
            expr ::= term ([-+*/] term)*
            term ::= number |
              "(" ws (expr
              ws) ")"
            number ::= "-"? [0-9]{1,3}
            ws ::= " "*
            """)
        for text in ["1", "1+2", "(1+(2*-33))", "( 1 )=7"] { #expect(try arithmetic.accepts(text), "\(text)") }
        for text in ["", "1+", "(1", "1234", "()"] { #expect(try !arithmetic.accepts(text), "\(text)") }
        let right = try Constraint.grammar("root ::= \"a\" root | [^a-z\\n] | \"\\u65E5\"\n")
        for text in ["aaaB", "日", "aé"] { #expect(try right.accepts(text), "\(text)") }
        for text in ["a", "b", "\n"] { #expect(try !right.accepts(text), "\(text)") }
    }

    @Test("right recursion needs no memory")
    func longLists() throws {
        let constraint = try Constraint.grammar("root ::= \"a\" root | \"b\"").bound()
        #expect(
            try constraint.accepts(Array(repeating: Int(UInt8(ascii: "a")), count: 10_000) + [Int(UInt8(ascii: "b"))]))
    }

    @Test(
        "what grammars cannot keep is refused with its line",
        arguments: [
            ("root ::= x", "line 1: there is no rule x"), ("a ::= \"b\"", "there is no rule root"),
            ("root ::= \"a\"\nroot ::= \"b\"", "line 2: the rule root is there twice"),
            ("root ::= \"a", "a text has no end"),
            ("root ::= (\"a\"", "')' should be here"), ("root = \"a\"", "'::=' should follow"),
            ("root ::= [b-a]", "range"),
            ("root ::= <think>", "tokens in a grammar"), ("root ::= \"a\"{2,1}", "it repeats 2 to 1 times"),
        ])
    func grammarRefusals(_ grammar: String, message: String) {
        let error = #expect(throws: ConstraintError.self) { try Constraint.grammar(grammar) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(message), "\(error.map { "\($0)" } ?? "")")
    }

    @Test("left recursion and endless rules are refused before work")
    func endless() throws {
        #expect(throws: ConstraintError.leftRecursion(rule: "root")) {
            try Constraint.grammar("root ::= root \"a\" | \"b\"").bound()
        }
        #expect(throws: ConstraintError.leftRecursion(rule: "x")) {
            try Constraint.grammar("root ::= e x\ne ::= \"\"\nx ::= root | \"b\"").bound()
        }
        #expect(throws: ConstraintError.unsatisfiable) { try Constraint.grammar("root ::= \"a\" root").bound() }
        #expect(throws: ConstraintError.tooLarge(limit: 400_000)) {
            try Constraint.grammar("root ::= [ab]{100000} [bc]{100000} [cd]{100000} [de]{100000} [ef]{100000}").bound()
        }
    }

    @Test("a vocabulary without some bytes writes what it can, and refuses what it cannot")
    func vocabulary() throws {
        let trie = TokenTrie((0...127).map { [UInt8($0)] } + [Array("é".utf8)])
        let constraint = try TokenConstraint(.jsonSchema(#"{"type":"string","maxLength":4}"#), trie)
        #expect(try !constraint.mask(try #require(try constraint.next(constraint.start, 0x22))).contains(128))
        #expect(throws: ConstraintError.unsatisfiable) { try TokenConstraint(.jsonSchema(#"{"const":"日"}"#), trie) }
    }

    @Test("places stay valid when a table is given up for a new one")
    func tables() throws {
        // Each text of parentheses is a state of its own.
        let constraint = try Constraint.grammar("root ::= (\"(\" root \")\" | \"[\" root \"]\")? \".\"").bound()
        var random = SeededGenerator(seed: 3)
        let kept = try "([(".utf8.reduce(constraint.start) { try #require(try constraint.next($0, Int($1))) }
        for _ in 0..<3_000 {
            var state = constraint.start
            for _ in 0..<40 {
                state = try #require(try constraint.next(state, Bool.random(using: &random) ? 0x28 : 0x5B))
            }
        }
        let end = try ".).].).".utf8.reduce(kept) { try #require(try constraint.next($0, Int($1))) }
        #expect(constraint.accepts(end) && constraint.isFinal(end))
    }
}
