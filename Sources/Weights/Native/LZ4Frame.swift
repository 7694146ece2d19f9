import CLZ4
import CXXHash

/// LZ4 frames (the standard's version 1.6.4) with independent blocks, content size, and checksums of
/// blocks and content.
enum LZ4Frame {
    /// How hard to look for matches.
    enum Effort: Int32 {
        case fast = 0
        case high = 9
    }

    /// The largest frame that `content` can become.
    static func bound(_ contentCount: Int) -> Int {
        var preferences = preferences(contentCount: contentCount, .fast)
        return max(LZ4F_compressFrameBound(contentCount, &preferences), contentCount + storedOverhead)
    }

    /// A frame of `content`. Where compression saves less than one part in 32, decoding it would be time lost, and the
    /// blocks are stored as they are.
    static func compressed(_ content: UnsafeRawBufferPointer, _ effort: Effort) -> [UInt8] {
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
        // Planes of a full frame are whole blocks of this size, so a plane without structure is stored.
        preferences.frameInfo.blockSizeID = LZ4F_max64KB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        // A content checksum alone would let pass a damaged match that happens to find the same bytes elsewhere.
        preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.contentSize = UInt64(contentCount)
        preferences.compressionLevel = effort.rawValue
        return preferences
    }

    // MARK: Stored frames

    /// Magic number, descriptor and block size before the content; end mark and content checksum after it.
    static let storedHeaderCount = 4 + 11 + 4
    private static let storedOverhead = storedHeaderCount + 4 + 4
    private static let storedBlockCount = 4 << 20

    /// The size of a frame whose one block is the content itself.
    static func storedFrameCount(_ contentCount: Int) -> Int { contentCount + storedOverhead }

    /// What such a frame begins with.
    /// - Precondition: at least one byte, and no more than a block holds.
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

/// Decodes LZ4 frames one after the other; not to be shared between threads.
final class LZ4Decoder {
    private let context: OpaquePointer?

    init() {
        var context: OpaquePointer?
        _ = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
        self.context = context
    }

    deinit { LZ4F_freeDecompressionContext(context) }

    /// Decodes one whole frame into `content`, which it must fill to the last byte.
    /// - Parameter checksContent: whether the frame's own checksum is looked at.
    /// - Returns: what is wrong with the frame, or nil.
    func decode(
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
