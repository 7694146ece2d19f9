/// A number of successes out of a number of trials.
package struct Proportion: Sendable, Equatable {
    package var successCount = 0
    package var count = 0

    package init() {}

    package mutating func add(_ isSuccess: Bool) {
        successCount += isSuccess ? 1 : 0
        count += 1
    }

    package static func + (left: Proportion, right: Proportion) -> Proportion {
        var sum = left
        sum.successCount += right.successCount
        sum.count += right.count
        return sum
    }

    /// Successes over trials; nil without trials.
    package var share: Double? { count == 0 ? nil : Double(successCount) / Double(count) }

    /// The 95 % confidence interval of Wilson (J. Am. Stat. Assoc. 22, 1927), which is valid near 0 and 1 too.
    package var interval: ClosedRange<Double> {
        guard let share else { return 0...1 }
        let z = 1.959964
        let n = Double(count)
        let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        return max(0, middle - half)...min(1, middle + half)
    }
}
