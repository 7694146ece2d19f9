import Foundation
import Tensors
import TestSupport
import Testing
import Weights

/// Checkpoints split into several files by llama.cpp's gguf-split.
struct SplitGGUFTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Writes part `number` of `count` with one tensor and returns its path.
    @discardableResult
    private func write(
        _ number: Int, of count: Int, statedNumber: UInt16? = nil, tensor: String? = nil, total: UInt32 = 3
    ) throws -> String {
        var writer = number == 1 ? GGUFWriter.llama() : GGUFWriter()
        writer.set("split.no", .raw(2, littleEndian(statedNumber ?? UInt16(number - 1))))
        writer.set("split.count", .raw(2, littleEndian(UInt16(count))))
        writer.set("split.tensors.count", .raw(5, littleEndian(total)))
        writer.add(tensor ?? "part\(number)", [4], 0, [UInt8](repeating: UInt8(number), count: 16))
        return try directory.write(writer.bytes(), "m-0000\(number)-of-0000\(count).gguf")
    }

    private func message(_ path: String) -> String? {
        errorMessage { _ = try Checkpoint.open(path) }?
            .replacingOccurrences(of: path.replacing(#/[^/]*$/#, with: ""), with: "")
    }

    @Test("any part opens all of them")
    func allParts() throws {
        let paths = try (1...3).map { try write($0, of: 3) }
        for path in paths {
            let checkpoint = try Checkpoint.open(path)
            #expect(checkpoint.tensorNames == ["part1", "part2", "part3"])
            for number in 1...3 {
                let bytes = try checkpoint.tensor("part\(number)").withBytes { Array($0) }
                #expect(bytes == [UInt8](repeating: UInt8(number), count: 16))
            }
        }
    }

    @Test("missing, swapped, duplicate and misnamed parts are reported")
    func damage() throws {
        let first = try write(1, of: 3)
        try write(3, of: 3)
        #expect(
            message(first)
                == "m-00002-of-00003.gguf: cannot be read: No such file or directory; check the path and its permissions"
        )
        let rest = "; the file is damaged: download or convert it again"
        try write(2, of: 3, statedNumber: 2)
        #expect(
            message(first) == "m-00002-of-00003.gguf: metadata 'split.no': says part 3 of 3, but the name says 2 of 3"
                + rest)
        try write(2, of: 3, tensor: "part1")
        #expect(message(first) == "m-00002-of-00003.gguf: tensor 'part1': another tensor stands for 'part1' too" + rest)
        try write(2, of: 3)
        try write(1, of: 3, total: 4)
        #expect(
            message(first) == "m-00001-of-00003.gguf: metadata 'split.tensors.count': says 4, but the parts hold 3"
                + rest)
        var writer = GGUFWriter.llama()
        #expect(message(try directory.write(writer.bytes(), "w-00001-of-00001.gguf")) == nil)
        #expect(
            message(try directory.write(writer.bytes(), "w-00001-of-00002.gguf"))
                == "w-00001-of-00002.gguf: metadata 'split.no': says part ? of ?, but the name says 1 of 2" + rest)
        writer.set("split.count", .raw(2, littleEndian(UInt16(2))))
        #expect(
            message(try directory.write(writer.bytes(), "renamed.gguf"))
                == "renamed.gguf: the file: is one part of a split checkpoint, and its name does not say which; "
                + "give the parts their names back, which end in -00001-of-0000N.gguf")
    }
}
