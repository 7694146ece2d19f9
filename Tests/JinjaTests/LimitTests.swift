import JSON
import Jinja
import Testing

/// Templates are untrusted: excessive demands must fail quickly, before memory is allocated.
@Suite struct LimitTests {
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "{{ 'x' * 10 ** 12 }}",
            "{{ [0] * 10 ** 12 }}",
            "{{ 'x'.center(10 ** 12) }}",
            "{{ 'x'|center(10 ** 12) }}",
            "{{ 'x\\ny'|indent(10 ** 12) }}",
            "{{ [1]|tojson(indent=10 ** 12) }}",
            "{{ 'x'.zfill(10 ** 12) }}",
            "{{ '%999999999999d' % 1 }}",
            "{{ '%.999999999999f' % 1 }}",
            "{{ '%*d' % (10 ** 12, 1) }}",
            "{{ '{:999999999999}'.format(1) }}",
            "{{ '{:.999999999f}'.format(1.0) }}",
            "{{ 'x\\ty'.expandtabs(10 ** 12) }}",
            "{{ [1]|batch(10 ** 12, 'x')|list }}",
            "{{ 'aaaaaaaa'.replace('', 'x' * 10 ** 8) }}",
            "{{ ('x' * 10 ** 8).join('abcdefgh') }}",
            "{% set ns = namespace(x='x') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "{% set ns = namespace(x=[0]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
            "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
            "{% for i in range(100000) %}{{ 'x' * 10000 }}{% endfor %}",
            "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
            "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
            "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
            "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}",
            "{% set ns = namespace(x={}) %}{% for i in range(100000) %}{% set ns.x = {'a': ns.x} %}{% endfor %}",
            "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = ns.x|map('upper') %}{% endfor %}",
            "{{ ('ab' * 10 ** 7) in ('a' * 10 ** 7) and 1 }}{% for i in range(100000) %}{{ 'b' in 'a' * 10 ** 5 }}{% endfor %}",
        ])
    func refusesWhatAsksForTooMuch(_ source: String) throws {
        let template = try Template(source)
        #expect(throws: TemplateError.self) { try template.render([:]) }
    }

    @Test(arguments: ["(", "[", "{'a':", "-", "not ", "a if b else ", "a[", "f("])
    func refusesExpressionsNestedTooDeep(_ opening: String) {
        let source = "{{ " + String(repeating: opening, count: 100_000)
        #expect(throws: TemplateError.self) { try Template(source) }
    }

    @Test(arguments: ["{% if 1 %}", "{% for i in x %}", "{% macro m() %}", "{% set x %}", "{% filter upper %}"])
    func refusesBlocksNestedTooDeep(_ opening: String) {
        #expect(throws: TemplateError.self) { try Template(String(repeating: opening, count: 100_000)) }
    }

    @Test(arguments: ["a.b", "a|upper", "a~", "1+", "a and "])
    func takesLongChains(_ part: String) throws {
        // Operators are left-associative, so the tree is as deep as the chain is long. Too deep a tree is an error.
        let chain = String(repeating: part, count: 20_000)
        _ = try? Template("{{ \(chain)a }}").render([:])
    }

    @Test func freesCirclesAndLongChains() throws {
        let template = try Template(
            """
            {% set head = namespace() %}{% set cur = namespace(node=head) %}
            {%- for i in range(50000) %}
            {%- set new = namespace() %}{% set node = cur.node %}{% set node.next = new %}{% set cur.node = new %}
            {%- endfor %}
            {%- set head.me = head %}{{ head.next.next is defined }}
            """)
        #expect(try template.render([:]) == "True")
    }

    @Test(arguments: [
        "{% for i in range(50000) %}{% for j in [1] %}{% set x = loop.changed(ns.l) %}{% set ns.l = loop %}{% endfor %}{% endfor %}",
        "{% for i in range(50000) %}{% for j in ns.l or [1, 2] %}{% set ns.l = loop %}{% endfor %}{% endfor %}",
        "{% for i in range(50000) %}{% set ns.l = [ns.l].count %}{% endfor %}",
        "{% for i in range(50000) %}{% set ns.l = cycler(ns.l) %}{% endfor %}",
        "{% for i in range(50000) %}{% set ns.l = joiner(ns.l) %}{% endfor %}",
        "{% for i in range(50000) %}{% macro m() %}{{ ns.l }}{% endmacro %}{% set ns.l = m %}{% endfor %}",
        "{% for i in range(50000) %}{% set ns.l = namespace(l=ns.l) %}{% endfor %}{{ ns }}",
        "{% for i in range(50000) %}{% set ns.l = ns.l|batch(2) if ns.l else [1] %}{% endfor %}{{ ns.l|list }}",
    ])
    func survivesChainsOfObjects(_ source: String) throws {
        _ = try? Template("{% set ns = namespace(l=none) %}" + source).render([:])
    }

    @Test(arguments: [
        "(-9223372036854775807 - 1) // -1", "(-9223372036854775807 - 1) % -1", "-(-9223372036854775807 - 1)",
        "'a'.center(-9223372036854775807 - 1)", "'a'.ljust(-9223372036854775807 - 1)",
        "'a'.zfill(-9223372036854775807)",
        "'a'|center(-9223372036854775807 - 1)", "'abc'[-9223372036854775807 - 1:9223372036854775807]",
        "'abc'[::-9223372036854775807 - 1]", "[1, 2][::9223372036854775807]", "'abc'[-9223372036854775807 - 1]",
        "range(-9223372036854775807 - 1, 9223372036854775807, 1)", "range(5, 0, -9223372036854775807 - 1)|list",
        "range(9223372036854775807, -9223372036854775807 - 1, -9223372036854775807)|list",
        "1|round(-9223372036854775807 - 1)",
        "1.5|round(9223372036854775807)", "9223372036854775807|round(-1)", "(-9223372036854775807 - 1)|abs",
        "'a b c'|truncate(9223372036854775807, leeway=9223372036854775807)", "[1]|batch(-9223372036854775807)|list",
        "[1, 2]|slice(-9223372036854775807 - 1)|list", "[1]|batch('nan'|float, 0)|list", "1e308 * 10", "1e300|int",
        "'inf'|float|int", "'nan'|float|int", "('nan'|float)|round", "('inf'|float) // 1", "'%c' % -1",
        "'%c' % 1114112",
        "'{:c}'.format(55296)", "'%d' % 1e300", "'abc'.split('b', -9223372036854775807 - 1)",
        "'abc'.replace('', 'x', 9223372036854775807)",
        "'abc'.find('c', -9223372036854775807 - 1, 9223372036854775807)",
        "'a\\tb'.expandtabs(-9223372036854775807 - 1)",
        "[1]|tojson(indent=-9223372036854775807 - 1)", "'a'|indent(-9223372036854775807 - 1)",
        "'a b'|wordwrap(-9223372036854775807 - 1)",
        "2 ** 9223372036854775807", "0 ** 9223372036854775807", "1 ** (-9223372036854775807 - 1)",
        "(-1) ** 9223372036854775807",
        "(0.0).is_integer()", "('inf'|float).is_integer()", "(-9223372036854775807 - 1).bit_length()",
        "1e308|filesizeformat",
        "(-9223372036854775807 - 1)|filesizeformat",
    ])
    func takesNumbersAtTheirLimits(_ expression: String) throws {
        _ = try? Template("{{ \(expression) }}").render([:])
    }

    @Test func saysWhatTheLimitIs() throws {
        var limits = Limits()
        limits.steps = 1000
        let template = try Template("a\n{% for i in range(5000) %}\n{% endfor %}", limits: limits)
        let error = #expect(throws: TemplateError.self) { try template.render([:]) }
        #expect(error?.description == "line 2 of the chat template: the template takes more than 1000 steps")
    }

    @Test func takesAsMuchAsALongChatNeeds() throws {
        let template = try Template("{% for m in messages %}{{ m.content|trim|replace('a', 'b') }}{% endfor %}")
        let message: JSONValue = ["content": .string(String(repeating: "a long text ", count: 8_000))]
        let text = try template.render(["messages": .array(Array(repeating: message, count: 100))])
        #expect(text.utf8.count > 9_000_000)
    }
}
