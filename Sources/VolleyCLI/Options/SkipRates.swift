import ArgumentParser

/// The argument of `--skip` and `--acceptance`: shares from 0 to 1, separated by commas.
struct SkipRates: ExpressibleByArgument {
    let rates: [Double]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        rates = parts.compactMap { Double($0) }.filter { (0...1).contains($0) }
        guard rates.count == parts.count else { return nil }
    }
}
