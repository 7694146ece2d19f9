import Foundation
import JSON
import Tensors
import TestSupport
import Testing
import Weights

/// FP8 directories: dequantised bit for bit, or refused by name.
struct FP8Tests {
    private let directory: TemporaryDirectory
    private static let golden = Goldens.url("fp8").path

    init() throws { directory = try TemporaryDirectory() }

    private struct Expected: Decodable {
        let crc32: [String: [String: UInt32]]
    }

    private static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        ~bytes.reduce(~0) { remainder, byte in
            (0..<8).reduce(remainder ^ UInt32(byte)) { bits, _ in bits >> 1 ^ (bits & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }

    @Test("every matrix matches PyTorch and gguf bit for bit", arguments: [StorageFormat.bf16, .q8_0])
    func values(_ format: StorageFormat) throws {
        let checkpoint = try Checkpoint.open(Self.golden, fp8Format: format)
        let expected = try Goldens.decode(Expected.self, "fp8/expected.json").crc32
        #expect(expected.count == 14)
        #expect(!checkpoint.tensorNames.contains { $0.hasSuffix("_scale_inv") })
        #expect(checkpoint.configuration["quantization_config"] == nil)
        for (name, sums) in expected {
            let tensor = try checkpoint.tensor(name)
            #expect(tensor.format == format)
            #expect(tensor.withBytes { Self.crc32($0) } == sums[format.rawValue], "\(name)")
        }
    }

    @Test("packing dequantises like loading, and unpacking gives an unquantised directory")
    func packed() throws {
        for format in [StorageFormat.bf16, .q8_0] {
            let path = directory.path + "/packed-\(format.rawValue)"
            try Packer(Checkpoint.open(Self.golden), options: PackOptions(format: format == .bf16 ? nil : format))
                .write(to: path, progress: { _ in }, isCancelled: { false })
            let (loaded, packed) = (try Checkpoint.open(Self.golden, fp8Format: format), try Checkpoint.open(path))
            #expect(packed.configuration == loaded.configuration)
            for name in try Goldens.decode(Expected.self, "fp8/expected.json").crc32.keys {
                #expect(
                    try packed.tensor(name).withBytes { Array($0) } == loaded.tensor(name).withBytes { Array($0) },
                    "\(name)")
            }
        }
        let unpackedPath = directory.path + "/unpacked"
        try Unpacker(Checkpoint.open(Self.golden)).write(to: unpackedPath, progress: { _ in }, isCancelled: { false })
        let (source, unpacked) = (try Checkpoint.open(Self.golden), try Checkpoint.open(unpackedPath))
        #expect(unpacked.quantization == nil && unpacked.tensorNames == source.tensorNames)
        for name in source.tensorNames {
            #expect(try unpacked.tensor(name).format == .bf16)
            #expect(
                try unpacked.tensor(name).withBytes { Array($0) } == source.tensor(name).withBytes { Array($0) })
        }
    }

    @Test("a matrix whose rows are not whole blocks becomes bf16")
    func rowsThatAreNoBlocks() throws {
        try write(shape: [2, 3], codes: [0x38, 0xB8, 0x01, 0x7E, 0x80, 0x08], scales: [0.5])
        let tensor = try Checkpoint.open(directory.path, fp8Format: .q8_0).tensor("a.weight")
        #expect(tensor.format == .bf16)
        // ±1, the smallest number, the largest, −0, the smallest normal number; all times 0.5.
        #expect(
            tensor.withBytes { Array($0.bindMemory(to: UInt16.self)) } == [
                0x3F00, 0xBF00, 0x3A80, 0x4360, 0x8000, 0x3C00,
            ])
    }

    @Test("all 256 codes of e4m3")
    func codes() {
        for code in UInt8.min...UInt8.max {
            let (exponent, fraction) = (Double(code >> 3 & 15), Double(code & 7))
            let magnitude = exponent == 0 ? fraction / 512 : (1 + fraction / 8) * Foundation.pow(2, exponent - 7)
            #expect(E4M3.isNaN(code) == (code & 127 == 127))
            guard !E4M3.isNaN(code) else { continue }
            #expect(E4M3.value(code) == Float(code < 128 ? magnitude : -magnitude))
        }
        #expect(E4M3.value(0x7E) == 448)
    }

    private func write(
        shape: [Int], codes: [UInt8], scales: [Float], scaleShape: [Int]? = nil,
        scaleName: String = "a.weight_scale_inv", scaleType: String = "F32", _ fields: String = ""
    ) throws {
        try directory.write(
            #"{"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]\#(fields)}}"#,
            "config.json")
        let data = codes + scales.flatMap { littleEndian($0.bitPattern) }
        let header = """
            {"a.weight": {"dtype": "F8_E4M3", "shape": \(shape), "data_offsets": [0, \(codes.count)]},
            "\(scaleName)": {"dtype": "\(scaleType)", "shape": \(scaleShape ?? [1, scales.count]),
            "data_offsets": [\(codes.count), \(data.count)]}}
            """
        try directory.write(SafetensorsWriter(header: header, data: data).bytes(), "model.safetensors")
    }

    private func message() -> String? {
        errorMessage {
            let checkpoint = try Checkpoint.open(directory.path)
            for name in checkpoint.tensorNames { _ = try checkpoint.tensor(name) }
        }?.replacingOccurrences(of: directory.path, with: "DIR")
    }

    private static let damaged = "; the file is damaged: download or convert it again"

    @Test("non-finite values are named")
    func notFinite() throws {
        try write(shape: [2, 2], codes: [0x38, 0x38, 0x38, 0xFF], scales: [1])
        #expect(message() == "DIR/model.safetensors: tensor 'a.weight': its value [1, 1] is NaN" + Self.damaged)
        try write(shape: [2, 2], codes: [0x38, 0, 0x38, 0x38], scales: [.infinity])
        #expect(
            message() == "DIR/model.safetensors: tensor 'a.weight': its value [0, 0] is not finite: "
                + "the block's scale is inf" + Self.damaged)
        try write(shape: [1, 130], codes: [UInt8](repeating: 0x38, count: 130), scales: [1, .nan])
        #expect(message()?.contains("value [0, 128] is not finite: the block's scale is nan") == true)
        #expect(
            errorMessage {
                try Packer(Checkpoint.open(directory.path), options: PackOptions())
                    .write(to: directory.path + "/packed", progress: { _ in }, isCancelled: { false })
            }?.contains("value [0, 128]") == true)
    }

    @Test("missing and unfitting scales are named")
    func scales() throws {
        let codes = [UInt8](repeating: 0x38, count: 130)
        try write(shape: [1, 130], codes: codes, scales: [1])
        #expect(
            message() == "DIR/model.safetensors: tensor 'a.weight': its scales have the shape [1, 1], "
                + "but blocks of 128 × 128 are [1, 2]" + Self.damaged)
        try write(shape: [1, 130], codes: codes, scales: [1, 1], scaleName: "b")
        #expect(
            message() == "DIR/model.safetensors: tensor 'a.weight': is F8_E4M3, and its scales "
                + "'a.weight_scale_inv' are missing" + Self.damaged)
        try write(shape: [1, 130], codes: codes, scales: [1], scaleShape: [1], scaleName: "a.weight_scale")
        #expect(
            message() == "DIR/model.safetensors: tensor 'a.weight_scale': is a scale for a whole tensor; "
                + "use a checkpoint with a scale for each block of rows and columns")
        try write(shape: [1, 130], codes: codes, scales: [1, 1], scaleType: "I32")
        #expect(
            message() == "DIR/model.safetensors: tensor 'a.weight_scale_inv': is stored as 'I32'; "
                + "use a checkpoint whose scales are F32 or BF16")
        try write(shape: [130], codes: codes, scales: [1, 1])
        #expect(message()?.contains("is F8_E4M3 of shape [130], and only matrices have scales") == true)
    }

    @Test("other schemes are refused, naming the field")
    func schemes() throws {
        for (fields, problem) in [
            (#", "fmt": "e5m2""#, "fmt: is 'e5m2'; use a checkpoint with 'e4m3'"),
            (#", "activation_scheme": "static""#, "activation_scheme: is 'static'; use a checkpoint with 'dynamic'"),
            (#", "scale_fmt": "ue4m3""#, "scale_fmt: is 'ue4m3'; use a checkpoint with 'float' or 'ue8m0'"),
            (#", "rotation": true"#, "rotation: is true; it is not known: use the checkpoint's unquantised original"),
        ] {
            try write(shape: [1, 1], codes: [0x38], scales: [1], fields)
            #expect(message() == "DIR/config.json: quantization_config." + problem)
        }
        for size in ["null", "[128]", "[128, 0]", "128", #"[1, "x", 2]"#] {
            try directory.write(
                #"{"quantization_config": {"quant_method": "fp8", "weight_block_size": \#(size)}}"#, "config.json")
            #expect(message()?.hasSuffix("use a checkpoint with a scale for each block of rows and columns") == true)
        }
        // Without the field, nothing declares a scheme for the codes.
        try write(shape: [1, 1], codes: [0x38], scales: [1])
        try directory.write("{}", "config.json")
        #expect(
            message() == "DIR/model.safetensors: tensor 'a.weight': is stored as 'F8_E4M3'; "
                + "convert the checkpoint to one of F32, BF16, F16")
    }
}
