/// A regular expression over characters.
indirect enum Pattern: Sendable {
    case set(CharacterRanges)
    case sequence([Pattern])
    case choice([Pattern])
    case repetition(Pattern, minimum: Int, maximum: Int?)

    static let empty = Pattern.sequence([])
    static let anything = Pattern.repetition(.set(.all), minimum: 0, maximum: nil)

    /// The grammar of the texts that the whole pattern describes.
    func node(_ coding: CharacterCoding) -> GrammarNode {
        switch self {
        case .set(let set): coding.node(set)
        case .sequence(let parts): .sequence(parts.map { $0.node(coding) })
        case .choice(let parts): .choice(parts.map { $0.node(coding) })
        case .repetition(let part, let minimum, let maximum):
            .repetition(part.node(coding), minimum: minimum, maximum: maximum)
        }
    }
}
