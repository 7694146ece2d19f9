import JSON

/// A byte-level BPE tokenizer: text to token ids and back, and the model's chat template.
///
/// Immutable, and cheap to copy and to share between threads.
public struct Tokenizer: Sendable {
    let model: BytePairModel
    let normalizer: Normalizer
    let splitters: [Splitter]
    let added: AddedTokens
    let frame: SpecialTokenFrame
    var chatTemplates: ChatTemplates
    /// The token that begins a text, where the model has one.
    public let beginID: Int?
    /// Tokens that end an answer: end of text, end of turn.
    public let endOfTextIDs: [Int]
    /// What a user should know about the files that the tokenizer came from: one sentence each.
    public let warnings: [String]
    /// Whether special tokens written in a text are always text (`split_special_tokens`).
    let splitsSpecial: Bool

    /// How many ids there are, added tokens included: the highest one and one.
    public var vocabularySize: Int { model.vocabulary.count }

    /// Returns the token ids of `text`.
    ///
    /// Takes time in proportion to the text's length, or n log n for a word of n bytes.
    /// - Parameters:
    ///   - addSpecial: whether to add the tokens that the model wants around a text, such as the begin token.
    ///   - parseSpecial: whether special tokens written in the text are recognised; false for untrusted text. Added
    ///     tokens that are not special, such as `<think>`, are recognised either way.
    public func encode(_ text: String, addSpecial: Bool, parseSpecial: Bool = true) -> [Int] {
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
                            encode($0, parseSpecial: parseSpecial, merger: &merger, to: &ids)
                        }
                    } else {
                        let same = UnsafeBufferPointer(rebasing: bytes[range])
                        encode(same, parseSpecial: parseSpecial, merger: &merger, to: &ids)
                    }
                }
            }
        }
        if addSpecial { ids += frame.after }
        return ids
    }

    /// Appends the ids of a part of the text that was normalised.
    private func encode(
        _ text: UnsafeBufferPointer<UInt8>, parseSpecial: Bool, merger: inout BytePairMerger, to ids: inout [Int]
    ) {
        for part in added.partsOfNormalized(text, parseSpecial: parseSpecial) {
            switch part {
            case .token(let id): ids.append(id)
            case .text(let range):
                splitters.forEachPiece(of: text[range]) { merger.append($0, to: &ids) }
            }
        }
    }

    /// The pieces of `text` that are merged each on its own, before normalising and without looking for added tokens.
    package func pieces(of text: String) -> [String] {
        var pieces: [String] = []
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            splitters.forEachPiece(of: bytes[...]) { pieces.append(String(decoding: $0, as: UTF8.self)) }
        }
        return pieces
    }

    /// A warning for a prompt that begins with the begin token twice, once from its text and once from the tokenizer or the
    /// chat template; nil for any other.
    public func warning(forPrompt ids: [Int]) -> String? {
        guard let beginID, ids.prefix(2) == [beginID, beginID] else { return nil }
        let begin = quoted(decode([beginID], skipSpecial: false))
        return "the prompt begins with \(begin) twice, which no model was trained on; leave it out of the text"
    }

    /// Returns the text of `ids`; an id without a token gives nothing, and each maximal part that is not UTF-8 gives
    /// one U+FFFD.
    /// - Parameter skipSpecial: whether special tokens give no text.
    public func decode(_ ids: [Int], skipSpecial: Bool) -> String {
        var decoder = StreamDecoder(self, skipSpecial: skipSpecial)
        var text = ""
        for id in ids { decoder.append(id, to: &text) }
        return text + decoder.flush()
    }

    /// The bytes of a token; nil for an id without one, or for a special token where those are skipped.
    func bytes(of id: Int, skipSpecial: Bool) -> ArraySlice<UInt8>? {
        skipSpecial && added.specialIDs.contains(id) ? nil : model.vocabulary.bytes[id]
    }
}
