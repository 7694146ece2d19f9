import CLZ4
import CXXHash

/// LZ4 frames (format version 1.6.4) with independent blocks, content size, and checksums of blocks and content.
package enum LZ4Frame {
    /// Compression level.
    package enum Effort: Int32 {
        case fast = 0
        case high = 9
    }

    /// Maximum size of a frame for `contentCount` bytes.
    static func bound(_ contentCount: Int) -> Int {
        var preferences = preferences(contentCount: contentCount, .fast)
        return max(LZ4F_compressFrameBound(contentCount, &preferences), contentCount + storedOverhead)
    }

    /// Compresses `content` into a frame. If that saves less than 1/32, stores the content uncompressed, because
    /// decoding would not pay off.
    package static func compressed(_ content: UnsafeRawBufferPointer, _ effort: Effort) -> [UInt8] {
        var preferences = preferences(contentCount: content.count, effort)
        let frame = [UInt8](unsafeUninitializedCapacity: bound(content.count)) { buffer, count in
            let size = LZ4F_compressFrame(
                buffer.baseAddress, buffer.count, content.baseAddress, content.count, &preferences)
            count = LZ4F_isError(size) == 0 ? size : 0
        }
        return frame.isEmpty || frame.count > content.count - content.count / 32 ? stored(content) : frame
    }

    private static func preferences(contentCount: Int, _ effort: Effort) -> LZ4F_preferences_t {
        var preferences = LZ4F_preferences_t()
        // A full frame's planes are multiples of this size, so incompressible planes are stored as whole blocks.
        preferences.frameInfo.blockSizeID = LZ4F_max64KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        // A content checksum alone would miss a damaged match that finds the same bytes elsewhere.
        preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.contentSize = UInt64(contentCount)
        preferences.compressionLevel = effort.rawValue
        return preferences
    }

    /// Bytes before the content: magic number, descriptor and block size. End mark and content checksum follow it.
    static let storedHeaderCount = 4 + 11 + 4
    private static let storedOverhead = storedHeaderCount + 4 + 4
    /// Maximum size of the content of a frame that may turn out incompressible.
    package static let storedBlockCount = 4 << 20

    /// Size of a frame that stores the content in one uncompressed block.
    static func storedFrameCount(_ contentCount: Int) -> Int { contentCount + storedOverhead }

    /// The header of such a frame.
    /// - Precondition: the content is not empty and fits in one block.
    static func storedHeader(_ contentCount: Int) -> [UInt8] {
        precondition((1...storedBlockCount).contains(contentCount))
        var header: [UInt8] = [0x04, 0x22, 0x4D, 0x18]
        header.reserveCapacity(storedHeaderCount)
        // Version 1, independent blocks, content size, content checksum; blocks of up to 4 MiB.
        var descriptor: [UInt8] = [0b0110_1100, 0x70]
        descriptor.append(littleEndian: UInt64(contentCount))
        header += descriptor
        header.append(UInt8(truncatingIfNeeded: XXH32(descriptor, descriptor.count, 0) >> 8))
        header.append(littleEndian: UInt32(contentCount) | 1 << 31)
        return header
    }

    private static func stored(_ content: UnsafeRawBufferPointer) -> [UInt8] {
        var frame = storedHeader(content.count)
        frame.reserveCapacity(storedFrameCount(content.count))
        frame += content
        frame.append(littleEndian: UInt32(0))
        frame.append(littleEndian: XXH32(content.baseAddress, content.count, 0))
        return frame
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}

/// Decodes LZ4 frames. Use one per thread.
package final class LZ4Decoder {
    private let context: OpaquePointer?

    package init() {
        var context: OpaquePointer?
        _ = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
        self.context = context
    }

    deinit { LZ4F_freeDecompressionContext(context) }

    /// Decodes a whole frame into `content`, which it must fill exactly.
    /// - Parameter checksContent: whether to verify the frame's own checksums.
    /// - Returns: the problem with the frame, or nil.
    package func decode(
        _ frame: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer, checksContent: Bool
    ) -> String? {
        LZ4F_resetDecompressionContext(context)
        var options = LZ4F_decompressOptions_t()
        options.skipChecksums = checksContent ? 0 : 1
        var (read, written) = (0, 0)
        while true {
            var (inputCount, outputCount) = (frame.count - read, content.count - written)
            let hint = LZ4F_decompress(
                context, content.baseAddress.map { $0 + written }, &outputCount,
                frame.baseAddress.map { $0 + read }, &inputCount, &options)
            guard LZ4F_isError(hint) == 0 else { return "is no LZ4 frame: \(String(cString: LZ4F_getErrorName(hint)))" }
            read += inputCount
            written += outputCount
            if hint == 0 { break }
            guard inputCount > 0 || outputCount > 0 else {
                return read == frame.count ? "breaks off" : "holds more than the \(content.count) bytes it should"
            }
        }
        guard read == frame.count else { return "ends \(frame.count - read) bytes early" }
        return written == content.count ? nil : "holds \(written) bytes, not \(content.count)"
    }
}
