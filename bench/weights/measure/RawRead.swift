import Dispatch
import Foundation
import Tensors

/// The least that any loader must do: the system copies a checkpoint's shards, which it has in its cache, to fresh memory.
struct RawRead {
    private let descriptors: [(descriptor: Int32, byteCount: Int)]

    /// - Parameter directory: a native checkpoint.
    init(directory: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasPrefix("weights-") }
        descriptors = try names.sorted().map { name in
            let path = directory + "/" + name
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            return (open(path, O_RDONLY), size)
        }
    }

    /// Reads everything, megabyte by megabyte, by `threadCount` threads.
    func seconds(threadCount: Int) -> Double {
        defer { for (descriptor, _) in descriptors { close(descriptor) } }
        let step = 1 << 20
        let start = ContinuousClock.now
        for (descriptor, byteCount) in descriptors {
            let memory = AlignedBuffer<UInt8>(unfilledCount: byteCount)
            DispatchQueue.concurrentPerform(iterations: threadCount) { thread in
                for offset in stride(from: thread * step, to: byteCount, by: threadCount * step) {
                    let count = pread(
                        descriptor, memory.pointer + offset, min(step, byteCount - offset), off_t(offset))
                    precondition(count > 0, "the scratch directory changed meanwhile")
                }
            }
        }
        return (ContinuousClock.now - start).seconds
    }
}
