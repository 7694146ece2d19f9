import JSON

/// Builds the grammar of answers that call tools.
private struct ToolGrammar {
    var grammar: Grammar
    let form: ToolCallForm

    /// One of several calls, by the schemas of their tools.
    mutating func call(_ tools: [ToolDescription]) throws(ConstraintError) -> GrammarNode {
        var calls: [GrammarNode] = []
        for tool in tools { calls.append(try call(tool)) }
        return grammar.add("call", .choice(calls))
    }

    private mutating func call(_ tool: ToolDescription) throws(ConstraintError) -> GrammarNode {
        let schema: JSONValue
        do {
            schema = try JSONValue(parsing: Array(tool.schema.utf8), limits: .configuration)
        } catch {
            throw .schema(place: "#", problem: "\(error)")
        }
        if form == .taggedParameters { return try tagged(tool.name, schema) }
        let arguments = try SchemaGrammar.add(schema, to: &grammar)
        let object = GrammarNode.sequence([
            .literal("{\"name\": " + JSONValue.string(tool.name).text + ", \"\(form.argumentsField)\": "), arguments,
            .literal("}"),
        ])
        guard let opening = form.opening, let closing = form.closing else { return object }
        return .sequence([.literal(opening + "\n"), object, .literal("\n" + closing)])
    }

    /// A call with a tag for each argument. Texts stand as they are, other values as JSON.
    private mutating func tagged(_ name: String, _ schema: JSONValue) throws(ConstraintError) -> GrammarNode {
        let required = Set((schema["required"]?.arrayValue ?? []).compactMap(\.stringValue))
        var parts: [GrammarNode] = []
        for (parameter, value) in schema["properties"]?.objectValue ?? JSONObject() {
            let place = SchemaPlace(pointer: "#/properties/\(parameter)", value: value)
            let node = GrammarNode.sequence([
                .literal("<parameter=\(parameter)>\n"), try self.value(place, in: schema), .literal("\n</parameter>\n"),
            ])
            parts.append(required.contains(parameter) ? node : .optional(node))
        }
        return .sequence(
            [.literal("<tool_call>\n<function=\(name)>\n")] + parts + [.literal("</function>\n</tool_call>")])
    }

    private mutating func value(_ schema: SchemaPlace, in root: JSONValue) throws(ConstraintError) -> GrammarNode {
        guard schema.value["type"] == "string" else { return try SchemaGrammar.add(schema, in: root, to: &grammar) }
        if let texts = schema.value["enum"]?.arrayValue {
            return .choice(texts.compactMap(\.stringValue).map { .literal($0) })
        }
        let limits = try StringLimits(schema)
        var automaton = TextAutomaton(avoiding: "</parameter>")
        for pattern in limits.patterns { automaton = try automaton.intersection(TextAutomaton(pattern)) }
        if limits.minimum > 0 || limits.maximum != nil {
            automaton = try automaton.limited(minimum: limits.minimum, maximum: limits.maximum)
        }
        return automaton.node(.plain, in: &grammar)
    }

    /// Any text without `tag`.
    mutating func text(without tag: String) -> GrammarNode {
        TextAutomaton(avoiding: tag).node(.plain, in: &grammar)
    }

    mutating func reasoning(_ prefix: ReasoningPrefix) -> GrammarNode {
        guard prefix != .none else { return .empty }
        let end = GrammarNode.sequence([
            text(without: "</think>"), .literal("</think>"),
            .repetition(.bytes(ByteSet(UInt8(ascii: "\n"))), minimum: 0, maximum: 2),
        ])
        return prefix == .open ? end : .optional(.sequence([.literal("<think>"), end]))
    }
}

extension Constraint {
    /// Answers that call tools.
    ///
    /// - Parameters:
    ///   - isRequired: whether the answer must be a call; otherwise it may be a text too.
    ///   - isParallel: whether it may be several calls.
    ///   - otherwise: what an answer without calls must be; nil for any text.
    /// - Throws: `ConstraintError` naming what a tool's schema has that cannot be kept.
    package static func toolCalls(
        _ tools: [ToolDescription], form: ToolCallForm, isRequired: Bool, isParallel: Bool, reasoning: ReasoningPrefix,
        otherwise: Constraint? = nil
    ) throws(ConstraintError) -> Constraint {
        var builder = ToolGrammar(grammar: otherwise?.grammar ?? Grammar(), form: form)
        let other = otherwise?.grammar.start
        let call = try builder.call(tools)
        let separator = GrammarNode.literal(form.opening == nil ? ";" : "\n")
        let further = GrammarNode.sequence([separator, call])
        let calls = GrammarNode.sequence([call, .repetition(further, minimum: 0, maximum: isParallel ? nil : 0)])
        let answer: GrammarNode
        if isRequired {
            answer = calls
        } else if let other {
            answer = .choice([calls, other])
        } else if let opening = form.opening {
            answer = .sequence([builder.text(without: opening), .optional(calls)])
        } else {
            let first = CharacterRanges([0x20...0x20, 0x0A...0x0A, 0x5B...0x5B, 0x7B...0x7B]).inverted
            let text = GrammarNode.sequence([CharacterCoding.plain.node(first), builder.text(without: "\u{0}")])
            answer = .choice([calls, text, .empty])
        }
        builder.grammar.start = .sequence([builder.reasoning(reasoning), answer])
        let rest = otherwise.map { "\($0.source)" } ?? ""
        let key =
            [rest, form.rawValue, "\(isRequired)", "\(isParallel)", reasoning.rawValue]
            + tools.flatMap { [$0.name, $0.schema] }
        return Constraint(.tools(key), builder.grammar)
    }

    /// The constraint after reasoning that may precede the answer.
    package func after(_ reasoning: ReasoningPrefix) -> Constraint {
        guard reasoning != .none else { return self }
        var builder = ToolGrammar(grammar: grammar, form: .argumentsJSON)
        builder.grammar.start = .sequence([builder.reasoning(reasoning), grammar.start])
        return Constraint(.afterReasoning(reasoning, source), builder.grammar)
    }
}
