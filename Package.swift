// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A room of the house; `sees` is the whole list of what it may import.
func room(_ name: String, sees: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: sees, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, sees: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: sees, swiftSettings: settings)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "gesso",
    products: [
        .executable(name: "gesso", targets: ["gesso"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        .target(
            name: "CKernels",
            linkerSettings: [.linkedLibrary("m"), .linkedLibrary("pthread")]),
        .target(
            name: "CCodecs",
            linkerSettings: [
                .linkedLibrary("png"), .linkedLibrary("jpeg"), .linkedLibrary("webp"),
                .linkedLibrary("webpdemux"), .linkedLibrary("lcms2"), .linkedLibrary("z"),
            ]),
        room("Tensors", sees: ["CKernels"]),
        room("Checkpoints", sees: ["Tensors"]),
        room("Models", sees: ["Checkpoints", "Tensors"]),
        room("Sampling", sees: ["Tensors"]),
        room("Imaging", sees: ["CCodecs", crypto]),
        room("Recipes", sees: ["Sampling", yams], resources: [.embedInCode("Presets")]),
        room(
            "Editing",
            sees: ["Models", "Checkpoints", "Tensors", "Sampling", "Recipes", "Imaging"]),
        .executableTarget(
            name: "gesso",
            dependencies: [
                "Editing", "Recipes", "Imaging",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                crypto,
            ],
            swiftSettings: settings),
        // Benchmarks
        .target(name: "CPeak", path: "Benchmarks/CPeak"),
        .target(
            name: "NaiveKernels", dependencies: ["Tensors"], path: "Tests/NaiveKernels",
            swiftSettings: settings),
        .executableTarget(
            name: "gesso-benchmarks",
            dependencies: ["Checkpoints", "CPeak", "Models", "NaiveKernels", "Tensors"],
            path: "Benchmarks/Swift", swiftSettings: settings),
        // Tests
        tests("TensorsTests", sees: ["NaiveKernels", "Tensors"]),
        tests("CheckpointsTests", sees: ["Checkpoints", "Tensors"]),
        tests("ModelsTests", sees: ["Models", "Checkpoints", "Tensors"]),
        tests("SamplingTests", sees: ["Sampling", "Tensors"]),
        tests("ImagingTests", sees: ["Imaging", crypto]),
        tests("RecipesTests", sees: ["Recipes", "Sampling", yams]),
        tests("EditingTests", sees: ["Editing", "Imaging", "Recipes"]),
        tests(
            "ParityTests",
            sees: [
                "Editing", "Models", "Checkpoints", "Tensors", "Sampling", "Recipes", "Imaging",
            ]),
        tests("ToolTests", sees: ["gesso", "Imaging", "Recipes", crypto]),
    ]
)
