import Foundation

extension Shard {
    /// Reads `i/n`; `off` is the whole.
    package init(_ text: String) throws {
        if text == "off" {
            self = .whole
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1],
            (1...100_000).contains(count), (1...count).contains(number)
        else {
            throw GessoError(
                .usage, "'\(text.prefix(40))' is no shard",
                remedy: .part("shard", "write 1/4 to 4/4, or off"))
        }
        self = Shard(number: number, count: count)
    }

    /// The share that a cluster has given this process, and the variables that say so; nil outside of
    /// arrays and indexed jobs.
    ///
    /// Slurm: `SLURM_ARRAY_TASK_ID`, `_COUNT`, `_MIN`, `_STEP` (sbatch(1), "output environment
    /// variables"). Kubernetes: `JOB_COMPLETION_INDEX`, from 0, which it sets in indexed jobs, and
    /// `JOB_COMPLETIONS`, which the job's author sets.
    package static func ofCluster(
        _ environment: [String: String]
    ) throws -> (shard: Shard, source: String)? {
        func number(_ name: String) throws -> Int? {
            guard let text = environment[name] else { return nil }
            guard let number = Int(text), number >= 0 else {
                throw GessoError(
                    .usage, "\(name) is '\(text.prefix(20))', not a number", at: "environment",
                    remedy: .nameShard)
            }
            return number
        }
        if let task = try number("SLURM_ARRAY_TASK_ID") {
            let count = try number("SLURM_ARRAY_TASK_COUNT")
            let first = try number("SLURM_ARRAY_TASK_MIN") ?? 0
            let step = max(try number("SLURM_ARRAY_TASK_STEP") ?? 1, 1)
            let source = "SLURM_ARRAY_TASK_ID"
            return (try shard((task - first) / step, of: count, source, "_COUNT"), source)
        }
        if let index = try number("JOB_COMPLETION_INDEX") {
            let count = try number("JOB_COMPLETIONS")
            let source = "JOB_COMPLETION_INDEX"
            return (try shard(index, of: count, source, "JOB_COMPLETIONS"), source)
        }
        return nil
    }

    private static func shard(
        _ index: Int, of count: Int?, _ source: String, _ counter: String
    ) throws -> Shard {
        guard let count, (0..<count).contains(index) else {
            throw GessoError(
                .usage, "\(source) says which task this is, but not of how many",
                at: "environment", remedy: .setCounter(counter))
        }
        return Shard(number: index + 1, count: count)
    }
}
