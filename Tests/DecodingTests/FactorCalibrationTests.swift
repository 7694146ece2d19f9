import Decoding
import Models
import Testing

struct FactorCalibrationTests {
    @Test("the fastest factor is chosen, and lossless decoding if no factor gains enough")
    func choice() {
        let gains = FactorCalibration(vanillaSecondsPerToken: 1, secondsPerToken: [2: 0.6, 3: 0.5, 4: 0.55])
        #expect(gains.choice.description == "mtd:3")
        #expect(gains.reason.contains("--mtd 3") && gains.reason.contains("2.0 times"))
        let loses = FactorCalibration(vanillaSecondsPerToken: 1, secondsPerToken: [2: 0.99, 4: 1.2])
        #expect(loses.choice.description == "auto")
        #expect(loses.reason.contains("--plan auto, which keeps vanilla's text") && loses.reason.contains("factor, 2,"))
        let lacksVanilla = FactorCalibration(
            vanillaSecondsPerToken: 1, secondsPerToken: [2: 0.99], fallback: .multiToken(1))
        #expect(lacksVanilla.choice.description == "mtd:1")
        #expect(lacksVanilla.reason.hasPrefix("decoding with --mtd 1: the best factor, 2,"))
        let untrained = FactorCalibration(vanillaSecondsPerToken: 1, secondsPerToken: [:])
        #expect(untrained.choice.description == "auto")
        #expect(untrained.reason.contains("trained for no factor"))
    }

    @Test("factors up to the trained one are timed, and none for a model without a factor")
    func factors() throws {
        let model = try SyntheticModel().build()  // mtp_horizon is 4
        let calibration = try FactorCalibration(model, rule: .prompt, options: SessionOptions(threadCount: 1))
        #expect(calibration.secondsPerToken.keys.sorted() == [2, 3, 4])
        #expect(calibration.vanillaSecondsPerToken > 0)
        let absolute = try FactorCalibration(model, rule: .absolute, options: SessionOptions(threadCount: 1))
        #expect(absolute.secondsPerToken.keys.sorted() == [4])
        let shallow = try SyntheticModel(layers: 8).build()
        let choice = try FactorCalibration(shallow, rule: .prompt, options: SessionOptions(threadCount: 1)).choice
        #expect(choice.description == "auto")
    }
}
