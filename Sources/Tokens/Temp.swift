public struct ChatMessage: Codable, Sendable { public let role: String, content: String; public init(role: String, content: String) { self.role = role; self.content = content } }
public struct GGUFVocabulary {}
public struct Tokenizer: Sendable { public init(directory: String) throws {}
 public func encode(_ t: String, addSpecial: Bool, parseSpecial: Bool = true) -> [Int] { [] }
 public func decode(_ t: [Int], skipSpecial: Bool) -> String { "" }
 public var endOfTextIDs: [Int] { [] }
 public var hasChatTemplate: Bool { false }
 public func renderChat(_ m: [ChatMessage], addGenerationPrompt: Bool, enableThinking: Bool?) throws -> String { "" } }
public struct StreamDecoder { public init(_ t: Tokenizer, skipSpecial: Bool) {} 
 public mutating func append(_ i: Int) -> String { "" }
 public mutating func flush() -> String { "" } }
