import JSON

/// Collects a tokenizer's added tokens in transformers' order and assigns their ids.
struct AddedTokenList {
    private(set) var tokens: [AddedToken] = []
    /// One sentence for each token whose id differs from the file's.
    private(set) var warnings: [String] = []

    /// Ids of the model tokens that have the text of an added token.
    private let modelIDs: [[UInt8]: Int]
    private let modelTokenCount: Int
    /// Indices in `tokens`, by text.
    private var indices: [[UInt8]: Int] = [:]

    /// - Parameters:
    ///   - base: the added tokens of `tokenizer.json`.
    ///   - place: the name of the file with the ids, for warnings.
    init(_ base: [AddedToken], _ configuration: TokenizerConfiguration, section: ModelSection, place: String) {
        let others = configuration.added.map(\.token) + configuration.named.map(\.token) + configuration.extra
        modelIDs = section.ids(of: Set(others.map(\.content)))
        modelTokenCount = section.tokenCount
        if !configuration.replacesAdded {
            for token in base where indices[token.content] == nil { append(token) }
        }
        let names = Set(configuration.named.map(\.token.content))
        for (id, description) in configuration.added {
            var description = description
            if names.contains(description.content) { description.isSpecial = true }
            let given = add(description)
            if given != id { warnings.append(Self.warning(description, id: given, elsewhere: id, place: place)) }
        }
        for token in configuration.named.map(\.token) + configuration.extra {
            if configuration.makesNamedPlain {
                add(TokenDescription(special: token.text))
            } else if indices[token.content] == nil {
                add(token)
            }
        }
    }

    /// Adds a token with the id that its text already has, or else with the next free one.
    @discardableResult
    private mutating func add(_ description: TokenDescription) -> Int {
        if let index = indices[description.content] {
            tokens[index] = description.token(id: tokens[index].id)
            return tokens[index].id
        }
        let id = modelIDs[description.content] ?? nextID
        append(description.token(id: id))
        return id
    }

    private mutating func append(_ token: AddedToken) {
        indices[token.content] = tokens.count
        tokens.append(token)
    }

    private var nextID: Int {
        let highest = tokens.lazy.map(\.id).max() ?? -1
        return highest >= modelTokenCount ? highest + 1 : modelTokenCount
    }

    private static func warning(_ token: TokenDescription, id: Int, elsewhere: Int, place: String) -> String {
        "\(quoted(token.text)) has the id \(id), as in transformers, "
            + "and not \(elsewhere) as \(place) says"
    }
}
