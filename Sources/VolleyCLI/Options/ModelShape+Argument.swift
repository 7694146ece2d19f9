import ArgumentParser
import Measuring

extension ModelShape: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
