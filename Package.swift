// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A room of the house; `sees` is the whole list of what it may import.
func room(
    _ name: String, sees: [Target.Dependency] = [], resources: [Resource] = [],
    exclude: [String] = []
) -> Target {
    .target(
        name: name, dependencies: sees, exclude: exclude, resources: resources,
        swiftSettings: settings)
}

func tests(_ name: String, sees: [Target.Dependency]) -> Target {
    // The compiler takes 190 s more to optimize them, and they gain nothing.
    .testTarget(
        name: name, dependencies: sees, swiftSettings: settings + [.unsafeFlags(["-Onone"])])
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "gesso",
    products: [
        .library(name: "Gesso", targets: ["Gesso"]),
        .executable(name: "gesso", targets: ["gesso"]),
        .executable(name: "gesso-server", targets: ["gesso-server"]),
        .executable(name: "gesso-hub", targets: ["gesso-hub"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        // For the server and the downloader alone; the tool is built without them.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(
            name: "CKernels",
            linkerSettings: [.linkedLibrary("m"), .linkedLibrary("pthread")]),
        // Both may be missing: what they read is then refused by name.
        .systemLibrary(name: "CHEIF", pkgConfig: "libheif", providers: [.apt(["libheif-dev"])]),
        .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
        .target(
            name: "CCodecs", dependencies: ["CHEIF", "CTIFF"],
            linkerSettings: [
                .linkedLibrary("png"), .linkedLibrary("jpeg"), .linkedLibrary("webp"),
                .linkedLibrary("webpdemux"), .linkedLibrary("lcms2"), .linkedLibrary("z"),
            ]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        room("Files", sees: ["CCrypto"]),
        room("Credentials", sees: ["CCrypto", "Files"]),
        room("Tensors", sees: ["CKernels"]),
        room("Checkpoints", sees: ["Files", "Tensors"]),
        room("Models", sees: ["Checkpoints", "Tensors"]),
        room("Sampling", sees: ["Tensors"]),
        room(
            "Imaging", sees: ["CCodecs", "Files", "Tensors"],
            resources: [
                .embedInCode("Typeface/letters.json"), .embedInCode("Typeface/letters.png"),
            ],
            exclude: ["Typeface/LICENSE"]),
        room("Recipes", sees: ["Sampling", yams], resources: [.embedInCode("Presets")]),
        room(
            "Editing",
            sees: ["Models", "Checkpoints", "Tensors", "Sampling", "Recipes", "Imaging", "Files"]),
        room(
            "Gesso", sees: ["Editing", "Recipes", "Imaging", "Credentials", "Sampling", "Files"],
            resources: [.embedInCode("Catalogue/catalogue.json")]),
        room("CommandReference"),
        room(
            "Terminal",
            sees: [
                "Gesso", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "gesso",
            dependencies: [
                "Gesso", "CommandReference", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        room(
            "GessoServer",
            sees: [
                "Gesso", "Files", logging,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], resources: [.embedInCode("Page")]),
        .executableTarget(
            name: "gesso-server",
            dependencies: [
                "GessoServer", "Gesso", "Terminal", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        room(
            "GessoHub",
            sees: [
                "Files", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .executableTarget(
            name: "gesso-hub",
            dependencies: [
                "GessoHub", "Gesso", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
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
        .target(
            name: "FuzzTargets",
            dependencies: [
                "TestSupport", "NaiveKernels", "GessoServer", "Gesso", "Credentials", "Editing",
                "Models", "Checkpoints", "Tensors", "Sampling", "Recipes", "Imaging",
            ], path: "Tests/FuzzTargets", swiftSettings: settings),
        tests("FuzzTests", sees: ["FuzzTargets"]),
        tests("FilesTests", sees: ["Files"]),
        tests("CredentialsTests", sees: ["TestSupport", "Credentials", "Imaging", "Files"]),
        tests("TensorsTests", sees: ["NaiveKernels", "Tensors"]),
        tests("CheckpointsTests", sees: ["TestSupport", "Checkpoints", "Files", "Tensors"]),
        tests("ModelsTests", sees: ["TestSupport", "Models", "Checkpoints", "Tensors"]),
        tests("SamplingTests", sees: ["Sampling", "Tensors"]),
        tests("ImagingTests", sees: ["TestSupport", "Imaging", "Files", "Tensors"]),
        tests("RecipesTests", sees: ["TestSupport", "Recipes", "Sampling", yams]),
        tests("EditingTests", sees: ["TestSupport", "Editing", "Imaging", "Recipes"]),
        tests(
            "ServerTests",
            sees: [
                "TestSupport", "GessoServer", "Gesso", "gesso", logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        .target(
            name: "HubServer", dependencies: ["Files"], path: "Tests/HubServer",
            swiftSettings: settings),
        .executableTarget(
            name: "hub-server", dependencies: ["HubServer"], path: "Tests/HubServerProgram",
            swiftSettings: settings),
        tests("HubTests", sees: ["GessoHub", "HubServer", "hub-server", "gesso-hub"]),
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
        tests(
            "ToolTests",
            sees: [
                "TestSupport", "gesso", "gesso-hub", "gesso-server", "Imaging", "Recipes",
                "Credentials", "Files",
            ]),
    ]
)

// `Scripts/fuzz` builds this with libFuzzer, which other builds do not have.
if Context.environment["GESSO_FUZZ"] != nil {
    package.targets += [
        .target(name: "CFuzzer", path: "Tests/CFuzzer"),
        .executableTarget(
            name: "gesso-fuzz", dependencies: ["CFuzzer", "FuzzTargets"], path: "Tests/Fuzzer",
            swiftSettings: settings),
    ]
}
