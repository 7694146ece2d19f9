import ArgumentParser
import Foundation
import Tensors
import Weights

/// Packs a checkpoint in every way and times how it comes back; `bench/weights.py` calls it and draws the table.
@main
struct WeightsBench: ParsableCommand {
    @Argument(help: "The checkpoint.")
    var model: String

    @Option(help: "Where to pack to; about five times the checkpoint's float32 size.")
    var scratch: String

    @Option(help: "Loads of each way; the ways take turns.")
    var rounds = 5

    func run() throws {
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        let source = try Checkpoint.open(model)
        for format in [StorageFormat.bf16, .f16, .f32, .q8_0, .q4_0, nil] {
            var ways = try Way.all(format).map { try Packed(source, $0, in: scratch) }
            guard let plain = ways.first(where: { $0.way.compression == .none }) else { continue }
            var raw = Samples()
            for _ in 0..<rounds {
                for threadCount in [1, 2] {
                    raw.add(try RawRead(directory: plain.path).seconds(threadCount: threadCount), threadCount)
                    for index in ways.indices { try ways[index].load(threadCount: threadCount) }
                }
            }
            for way in ways { print(try way.row(raw)) }
            for way in ways { try FileManager.default.removeItem(atPath: way.path) }
        }
    }
}

/// How a checkpoint is packed.
struct Way {
    /// Nil keeps the source's.
    let format: StorageFormat?
    let compression: PackOptions.Compression
    let splitsPlanes: Bool

    static func all(_ format: StorageFormat?) -> [Way] {
        let hasPlanes = format?.valuesPerBlock == 1
        return PackOptions.Compression.allCases.flatMap { compression in
            (hasPlanes && compression != .none ? [false, true] : [false]).map {
                Way(format: format, compression: compression, splitsPlanes: $0)
            }
        }
    }

    var name: String { "\(format?.rawValue ?? "keep")-\(compression)-\(splitsPlanes ? "planes" : "plain")" }
}

/// Seconds by number of threads.
struct Samples: Encodable {
    var one: [Double] = []
    var two: [Double] = []

    mutating func add(_ seconds: Double, _ threadCount: Int) {
        if threadCount == 1 { one.append(seconds) } else { two.append(seconds) }
    }
}

/// A checkpoint that was packed in one way, and what was measured.
struct Packed {
    let way: Way
    let path: String
    let packSeconds: Double
    var decodes = Samples()
    var loads = Samples()
    var uncheckedLoads = Samples()

    init(_ source: Checkpoint, _ way: Way, in scratch: String) throws {
        self.way = way
        path = scratch + "/" + way.name
        var options = PackOptions(format: way.format, compression: way.compression, threadCount: 2)
        options.splitsPlanes = way.splitsPlanes
        let start = ContinuousClock.now
        try Packer(source, options: options).write(to: path, progress: { _ in }, isCancelled: { false })
        packSeconds = (ContinuousClock.now - start).seconds
    }

    mutating func load(threadCount: Int) throws {
        decodes.add(try Decoding(path).seconds(threadCount: threadCount), threadCount)
        loads.add(try seconds(threadCount: threadCount, checksTensors: true), threadCount)
        uncheckedLoads.add(try seconds(threadCount: threadCount, checksTensors: false), threadCount)
    }

    private func seconds(threadCount: Int, checksTensors: Bool) throws -> Double {
        let checkpoint = try Checkpoint.open(path)
        let start = ContinuousClock.now
        let loaded = try checkpoint.loaded(threadCount: threadCount, checksTensors: checksTensors)
        let seconds = (ContinuousClock.now - start).seconds
        withExtendedLifetime(loaded) {}
        return seconds
    }

    private struct Row: Encodable {
        let format: String
        let compression: String
        let planes: Bool
        let bytes: Int
        let storedBytes: Int
        let packSeconds: Double
        let rawReads: Samples
        let decodes: Samples
        let loads: Samples
        let uncheckedLoads: Samples
    }

    /// One line of JSON.
    func row(_ raw: Samples) throws -> String {
        let summary = try Checkpoint.open(path).summary
        let row = Row(
            format: way.format?.rawValue ?? "keep", compression: way.compression.rawValue, planes: way.splitsPlanes,
            bytes: summary.reduce(0) { $0 + $1.byteCount }, storedBytes: summary.reduce(0) { $0 + $1.storedByteCount },
            packSeconds: packSeconds, rawReads: raw, decodes: decodes, loads: loads, uncheckedLoads: uncheckedLoads)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(row), as: UTF8.self)
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
