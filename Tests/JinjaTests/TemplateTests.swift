import Foundation
import JSON
import Jinja
import Testing

/// The guarantees of `Template` to its callers.
@Suite struct TemplateTests {
    @Test func rendersAConversation() throws {
        let template = try Template(
            """
            {%- for message in messages %}
            {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
            {%- endfor %}
            {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\\n' }}
            {%- endif %}
            """)
        let text = try template.render([
            "messages": [["role": "user", "content": "Hi"]], "add_generation_prompt": .bool(true),
        ])
        #expect(text == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
    }

    @Test func namesTheVariablesThatItReads() throws {
        let template = try Template(
            "{% set x = tools %}{% for m in messages %}{{ m.role ~ x ~ range(3) }}{% if y %}{% endif %}{% endfor %}")
        #expect(template.variables == ["tools", "messages", "y"])
    }

    @Test func passesOnTheTemplatesOwnWords() throws {
        let template = try Template("a\n{{ raise_exception('Roles must alternate') }}")
        #expect(throws: TemplateError.raised(line: 2, message: "Roles must alternate")) { try template.render([:]) }
    }

    @Test(arguments: [
        ("a\n{% if %}", "line 2 of the chat template: expected an expression, not 'end of statement block'"),
        ("{{ x.y }}", "line 1 of the chat template: 'x' is undefined"),
        ("{{ 1 // 0 }}", "line 1 of the chat template: division by zero"),
        ("{{ 1 + 'a' }}", "line 1 of the chat template: unsupported operand types for +: 'int' and 'str'"),
        ("\n\n{{ 'a'|nothing }}", "line 3 of the chat template: no filter named 'nothing'"),
        ("{{ 'a' is nothing }}", "line 1 of the chat template: no test named 'nothing'"),
        (
            "{% include 'x' %}",
            "line 1 of the chat template: the tag 'include' is not supported: a chat template is one text"
        ),
        ("{% do x %}", "line 1 of the chat template: unknown tag 'do'"),
    ])
    func namesLineAndProblem(_ source: String, _ message: String) {
        let error = #expect(throws: TemplateError.self) { try Template(source).render([:]) }
        #expect(error?.description == message)
    }
}
