import JSON

/// A byte-level BPE tokenizer: converts between text and token ids, and renders the model's chat template.
///
/// Immutable, cheap to copy and safe to share between threads.
public struct Tokenizer: Sendable {
    let model: BytePairModel
    let normalizer: Normalizer
    let splitters: [Splitter]
    let added: AddedTokens
    let frame: SpecialTokenFrame
    var chatTemplates: ChatTemplates
    /// The token that begins a text, if the model has one.
    public let beginID: Int?
    /// Tokens that end an answer, such as end of text and end of turn.
    public let endOfTextIDs: [Int]
    /// Notes for the user about the tokenizer's files, one sentence each.
    public let warnings: [String]
    /// Whether encoding always treats special tokens in a text as plain text (`split_special_tokens`).
    let splitsSpecial: Bool

    /// Number of ids, added tokens included: the highest id plus one.
    public var vocabularySize: Int { model.vocabulary.count }

    /// Encodes `text` to token ids.
    ///
    /// Linear in the text's length, except O(n log n) for a single word of n bytes.
    /// - Parameters:
    ///   - addSpecial: whether to add the model's special tokens around the text, such as the begin token.
    ///   - parseSpecial: whether to recognise special tokens in the text; false for untrusted text. Added tokens that
    ///     are not special, such as `<think>`, are always recognised.
    public func encode(_ text: String, addSpecial: Bool, parseSpecial: Bool = true) -> [Int] {
        tokens(of: text, addSpecial: addSpecial, parseSpecial: parseSpecial, limit: .max)
    }

    /// Like `encode(_:addSpecial:parseSpecial:)`, but nil for more than `limit` tokens, for which it does little work.
    package func encode(_ text: String, addSpecial: Bool, upTo limit: Int) -> [Int]? {
        let ids = tokens(of: text, addSpecial: addSpecial, parseSpecial: true, limit: limit)
        return ids.count <= limit ? ids : nil
    }

    /// The largest number of bytes that a token stands for.
    package var longestTokenByteCount: Int { model.vocabulary.bytes.longestByteCount }

    /// The tokens of `text`; not all of them if there are more than `limit`.
    private func tokens(of text: String, addSpecial: Bool, parseSpecial: Bool, limit: Int) -> [Int] {
        let parseSpecial = parseSpecial && !splitsSpecial
        var ids = addSpecial ? frame.before : []
        var merger = BytePairMerger(model)
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            for part in added.partsOfRaw(bytes, parseSpecial: parseSpecial) {
                switch part {
                case .token(let id): ids.append(id)
                case .text(let range):
                    if let normalized = normalizer.normalized(bytes[range]) {
                        normalized.withUnsafeBufferPointer {
                            encode($0, parseSpecial: parseSpecial, limit: limit, merger: &merger, to: &ids)
                        }
                    } else {
                        let same = UnsafeBufferPointer(rebasing: bytes[range])
                        encode(same, parseSpecial: parseSpecial, limit: limit, merger: &merger, to: &ids)
                    }
                }
            }
        }
        if addSpecial { ids += frame.after }
        return ids
    }

    /// Appends the ids of a normalised part of the text.
    private func encode(
        _ text: UnsafeBufferPointer<UInt8>, parseSpecial: Bool, limit: Int, merger: inout BytePairMerger,
        to ids: inout [Int]
    ) {
        for part in added.partsOfNormalized(text, parseSpecial: parseSpecial) {
            switch part {
            case .token(let id): ids.append(id)
            case .text(let range):
                splitters.forEachPiece(of: text[range]) { if ids.count <= limit { merger.append($0, to: &ids) } }
            }
        }
    }

    /// The pieces of `text` that are merged independently, without normalisation and added tokens.
    package func pieces(of text: String) -> [String] {
        var pieces: [String] = []
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            splitters.forEachPiece(of: bytes[...]) { pieces.append(String(decoding: $0, as: UTF8.self)) }
        }
        return pieces
    }

    /// A warning if the prompt starts with two begin tokens, one from its text and one from the tokenizer or the chat
    /// template; otherwise nil.
    public func warning(forPrompt ids: [Int]) -> String? {
        guard let beginID, ids.prefix(2) == [beginID, beginID] else { return nil }
        let begin = quoted(decode([beginID], skipSpecial: false))
        return "the prompt begins with \(begin) twice, which no model was trained on; leave it out of the text"
    }

    /// Decodes `ids` to text. Ids without a token decode to nothing; each maximal invalid UTF-8 sequence becomes one
    /// U+FFFD.
    /// - Parameter skipSpecial: whether to skip special tokens.
    public func decode(_ ids: [Int], skipSpecial: Bool) -> String {
        var decoder = StreamDecoder(self, skipSpecial: skipSpecial)
        var text = ""
        for id in ids { decoder.append(id, to: &text) }
        return text + decoder.flush()
    }

    /// The bytes that a token stands for, special or not; nil if there is no such token.
    package func bytes(of id: Int) -> [UInt8]? { bytes(of: id, skipSpecial: false).map(Array.init) }

    /// The bytes of a token; nil if there is none, or if it is special and skipped.
    func bytes(of id: Int, skipSpecial: Bool) -> ArraySlice<UInt8>? {
        skipSpecial && added.specialIDs.contains(id) ? nil : model.vocabulary.bytes[id]
    }
}
