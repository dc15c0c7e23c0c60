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

let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "gesso",
    products: [
        .library(name: "Gesso", targets: ["Gesso"]),
        .executable(name: "gesso", targets: ["gesso"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
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
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        room("Files", sees: ["CCrypto"]),
        room("Tensors", sees: ["CKernels"]),
        room("Checkpoints", sees: ["Files", "Tensors"]),
        room("Models", sees: ["Checkpoints", "Tensors"]),
        room("Sampling", sees: ["Tensors"]),
        room("Imaging", sees: ["CCodecs", "Files"]),
        room("Recipes", sees: ["Sampling", yams], resources: [.embedInCode("Presets")]),
        room(
            "Editing",
            sees: ["Models", "Checkpoints", "Tensors", "Sampling", "Recipes", "Imaging", "Files"]),
        room("Gesso", sees: ["Editing", "Recipes", "Imaging", "Sampling", "Files"]),
        .executableTarget(
            name: "gesso",
            dependencies: [
                "Gesso", .product(name: "ArgumentParser", package: "swift-argument-parser"),
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
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        tests("FilesTests", sees: ["Files"]),
        tests("TensorsTests", sees: ["NaiveKernels", "Tensors"]),
        tests("CheckpointsTests", sees: ["TestSupport", "Checkpoints", "Tensors"]),
        tests("ModelsTests", sees: ["TestSupport", "Models", "Checkpoints", "Tensors"]),
        tests("SamplingTests", sees: ["Sampling", "Tensors"]),
        tests("ImagingTests", sees: ["TestSupport", "Imaging", "Files"]),
        tests("RecipesTests", sees: ["TestSupport", "Recipes", "Sampling", yams]),
        tests("EditingTests", sees: ["TestSupport", "Editing", "Imaging", "Recipes"]),
        tests(
            "ParityTests",
            sees: [
                "TestSupport", "Editing", "Models", "Checkpoints", "Tensors", "Sampling", "Recipes",
                "Imaging",
            ]),
        .executableTarget(
            name: "getting-started", dependencies: ["Gesso"], path: "Tests/GettingStarted",
            packageAccess: false, swiftSettings: settings),
        tests("GessoTests", sees: ["TestSupport", "Gesso", "getting-started"]),
        tests("ToolTests", sees: ["TestSupport", "gesso", "Imaging", "Recipes", "Files"]),
    ]
)
