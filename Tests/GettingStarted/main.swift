import Foundation
import Gesso

let (photo, folder) = (CommandLine.arguments[1], URL(filePath: CommandLine.arguments[2]))
let library = Library(Places(environment: ProcessInfo.processInfo.environment))
let request = try Request(
    .inpaint, ["prompt": "a red boat on a lake", "steps": "6"],
    of: .file(photo), mask: "rect:16,12,24,20")

let job = library.start(request)
for await event in job {
    switch event {
    case .plan(let plan, _): print("\(plan.evaluations) UNet runs with \(plan.model)")
    case .progress(let progress): print(progress.stage)
    case .edit, .note, .preview: break
    }
}
let outcome = try await job.result
print(outcome.proof?.line ?? "everything may have changed")
try outcome.write(
    to: folder.appending(path: "boat.png"), receipt: folder.appending(path: "boat.json"))

let second = library.start(request)
for await case .progress(let progress) in second {
    if case .denoising(step: 3, _) = progress.stage { second.cancel() }
}
do { _ = try await second.result } catch is CancellationError { print("cancelled half way") }
