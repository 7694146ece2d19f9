import Foundation
import TestSupport
import Testing
import Weights

/// Errors for damaged Hugging Face directories.
@Suite struct DamagedDirectoryTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("{}", "config.json")
    }

    /// Opens the directory, reads every tensor and returns the error message without the directory's path.
    private func message() -> String? {
        do throws(CheckpointError) {
            let checkpoint = try Checkpoint.open(directory.path)
            for name in checkpoint.tensorNames { _ = try checkpoint.tensor(name) }
            return nil
        } catch {
            return error.description.replacingOccurrences(of: directory.path, with: "DIR")
        }
    }

    private func damaged(_ file: String, _ text: String) -> String {
        "DIR/\(file): \(text); the file is damaged: download or convert it again"
    }

    private static let notACheckpoint =
        "; give a Hugging Face model directory (config.json and .safetensors files), "
        + "a .gguf file or a directory that volley packed"

    @Test func missingFiles() throws {
        #expect(
            message() == "DIR: has neither model.safetensors nor model.safetensors.index.json" + Self.notACheckpoint)
        try FileManager.default.removeItem(atPath: directory.path + "/config.json")
        #expect(message() == "DIR: has no config.json" + Self.notACheckpoint)
        #expect(
            errorMessage { _ = try Checkpoint.open("/nonexistent/model") }
                == "/nonexistent/model: there is no such file or directory" + Self.notACheckpoint)
        #expect(errorMessage { _ = try Checkpoint.open("") } == "'': not a path" + Self.notACheckpoint)
    }

    @Test func aDevice() {
        #expect(
            errorMessage { _ = try Checkpoint.open("/dev/null") }
                == "/dev/null: cannot be read: not a regular file; check the path and its permissions")
    }

    @Test func configurationThatIsNoObject() throws {
        try directory.write(SafetensorsWriter(header: "{}").bytes(), "model.safetensors")
        try directory.write("[1]", "config.json")
        #expect(message() == damaged("config.json", "the whole file: is an array of 1 elements, not an object"))
        try directory.write("{\"a\": }", "config.json")
        #expect(message() == damaged("config.json", "the JSON text: byte 6: a JSON value should be here, not '}'"))
        try directory.write("{}", "config.json")
        try directory.write("", "generation_config.json")
        #expect(
            message()
                == damaged(
                    "generation_config.json", "the JSON text: byte 0: the text ends where a JSON value should be"))
    }

    @Test(arguments: [
        (0, "the header's length: the file has 0 bytes, and a safetensors file begins with 8 bytes of length"),
        (7, "the header's length: the file has 7 bytes, and a safetensors file begins with 8 bytes of length"),
        (20, "the header's length: says 58 bytes, but only 12 follow"),
        (66, "tensor 'a': its data_offsets [0, 8] are not inside the file's 0 bytes of data"),
        (73, "tensor 'a': its data_offsets [0, 8] are not inside the file's 7 bytes of data"),
    ])
    func truncated(_ byteCount: Int, _ text: String) throws {
        let header = #"{"a":{"dtype":"F32","shape":[2]  ,"data_offsets":[0,8]  }}"#
        let bytes = SafetensorsWriter(header: header, data: Array(0..<8)).bytes()
        try directory.write(bytes, "model.safetensors")
        #expect(message() == nil)
        try directory.write(Array(bytes.prefix(byteCount)), "model.safetensors")
        #expect(message() == damaged("model.safetensors", text))
    }

    @Test func headerLengthBeyondTheFile() throws {
        for claimed in [UInt64(100), .max, 1 << 63] {
            try directory.write(SafetensorsWriter(header: "{}", claimedLength: claimed).bytes(), "model.safetensors")
            #expect(
                message()
                    == damaged("model.safetensors", "the header's length: says \(claimed) bytes, but only 2 follow"))
        }
    }

    /// Headers for 8 bytes of data, with the expected messages.
    private static let lyingHeaders: [(String, String)] = [
        ("[]", "the header: is an array of 0 elements, not an object"),
        ("{", "the header: byte 1: the text ends where a field name should be"),
        (#"{"a":1}"#, "tensor 'a': has no dtype"),
        (
            #"{"a":{"dtype":"F32","shape":8,"data_offsets":[0,8]}}"#,
            "tensor 'a': its shape is not a list of whole numbers"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#,
            "tensor 'a': its shape is not a list of whole numbers"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8]}}"#,
            "tensor 'a': its data_offsets are not two whole numbers"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
            "tensor 'a': its shape [3] in F32 takes 12 bytes, but its data_offsets hold 8"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
            "tensor 'a': its shape [-2] has a negative size or too many values"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#,
            "tensor 'a': its shape [4294967296, 4294967296] has a negative size or too many values"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}"#,
            "tensor 'a': its shape [0, 4294967296, 4294967296] has a negative size or too many values"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}"#,
            "tensor 'a': its shape [4611686018427387904] in F32 takes more than 2^63 bytes, but its data_offsets hold 8"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
            "tensor 'a': its data_offsets [4, 12] are not inside the file's 8 bytes of data"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
            "tensor 'a': its data_offsets [8, 0] are not inside the file's 8 bytes of data"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
            "tensor 'a': its data_offsets [-8, 0] are not inside the file's 8 bytes of data"
        ),
        (
            #"{"a":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]}}"#,
            "tensor 'b': overlaps the tensor before it by 2 bytes"
        ),
        (
            #"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"F16","shape":[2],"data_offsets":[4,8]}}"#,
            "tensor 'b': begins 2 bytes after the end of the tensor before it"
        ),
        (
            #"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#,
            "the data: 4 bytes after the last tensor belong to none"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            "the header: byte 54: the field 'a' is there twice"
        ),
    ]

    @Test(arguments: lyingHeaders)
    func lyingHeader(_ header: String, _ text: String) throws {
        try directory.write(SafetensorsWriter(header: header, data: Array(0..<8)).bytes(), "model.safetensors")
        #expect(message() == damaged("model.safetensors", text))
    }

    @Test func namesThatAreNotUTF8() throws {
        var bytes = SafetensorsWriter(header: #"{"a":{}}"#).bytes()
        bytes[10] = 0xFF
        try directory.write(bytes, "model.safetensors")
        #expect(message() == damaged("model.safetensors", "the header: byte 1: a string is not UTF-8"))
    }

    @Test(arguments: ["I64", "F8_E4M3", "nonsense"])
    func typesWithoutKernels(_ dtype: String) throws {
        let bytesEach = ["I64": 8, "F8_E4M3": 1][dtype] ?? 8
        let header = #"{"a":{"dtype":"\#(dtype)","shape":[\#(8 / bytesEach)],"data_offsets":[0,8]}}"#
        try directory.write(SafetensorsWriter(header: header, data: Array(0..<8)).bytes(), "model.safetensors")
        #expect(
            message()
                == "DIR/model.safetensors: tensor 'a': is stored as '\(dtype)'; convert the checkpoint to one of F32, BF16, F16"
        )
    }

    @Test func missingTensor() throws {
        try directory.write(SafetensorsWriter(header: "{}").bytes(), "model.safetensors")
        let checkpoint = try Checkpoint.open(directory.path)
        #expect(
            errorMessage { _ = try checkpoint.tensor("lm_head.weight") }
                == "\(directory.path): has no tensor 'lm_head.weight'; the checkpoint is incomplete or of another "
                + "architecture: download or convert it again")
    }

    private static let shard = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#

    @Test(arguments: [
        ("[]", "weight_map: is missing or not an object"),
        (#"{"weight_map":[]}"#, "weight_map: is missing or not an object"),
        (
            #"{"weight_map":{"a":"gone.safetensors"}}"#,
            "weight_map: names 'gone.safetensors', and there is no such file"
        ),
        (
            #"{"weight_map":{"a":"one.safetensors","b":"one.safetensors"}}"#,
            "weight_map, tensor 'b': should be in 'one.safetensors', and is not"
        ),
        (
            #"{"weight_map":{"a":"../one.safetensors"}}"#,
            "weight_map, tensor 'a': names '../one.safetensors' as its file, which is not a file name in the same directory"
        ),
        (
            #"{"weight_map":{"a":"/etc/passwd"}}"#,
            "weight_map, tensor 'a': names '/etc/passwd' as its file, which is not a file name in the same directory"
        ),
        (
            #"{"weight_map":{"a":".."}}"#,
            "weight_map, tensor 'a': names '..' as its file, which is not a file name in the same directory"
        ),
        (
            #"{"weight_map":{"a":"one.safetensors\u0000x"}}"#,
            "weight_map, tensor 'a': names 'one.safetensors\\0x' as its file, which is not a file name in the same directory"
        ),
        (
            #"{"weight_map":{"a":7}}"#,
            "weight_map, tensor 'a': names 7 as its file, which is not a file name in the same directory"
        ),
    ])
    func lyingIndex(_ index: String, _ text: String) throws {
        try directory.write(SafetensorsWriter(header: Self.shard, data: Array(0..<8)).bytes(), "one.safetensors")
        try directory.write(index, "model.safetensors.index.json")
        #expect(message() == damaged("model.safetensors.index.json", text))
    }

    @Test func aDamagedShardIsNamed() throws {
        try directory.write(SafetensorsWriter(header: Self.shard, data: Array(0..<7)).bytes(), "one.safetensors")
        try directory.write(#"{"weight_map":{"a":"one.safetensors"}}"#, "model.safetensors.index.json")
        let text = "tensor 'a': its data_offsets [0, 8] are not inside the file's 7 bytes of data"
        #expect(message() == damaged("one.safetensors", text))
    }
}
