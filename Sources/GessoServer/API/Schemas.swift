/// JSON schemas of what is sent and answered.
enum Schemas {
    static let picture: JSONValue = [
        "type": "object",
        "required": ["id", "type", "bytes", "width", "height"],
        "properties": [
            "id": ["type": "string"], "type": ["type": "string"], "bytes": ["type": "integer"],
            "width": ["type": "integer"], "height": ["type": "integer"],
            "hasAlpha": ["type": "boolean"], "url": ["type": "string"],
        ],
    ]

    static let model: JSONValue = [
        "type": "object", "required": ["name", "cannot"],
        "properties": [
            "name": ["type": "string"], "family": ["type": ["string", "null"]],
            "guidanceScale": [
                "type": ["number", "null"],
                "description": "What it is made to run with, where that is one scale alone",
            ],
            "cannot": [
                "type": "object", "description": "Verbs that it refuses, with the reason",
                "additionalProperties": ["type": "string"],
            ],
        ],
    ]

    static let order: JSONValue = [
        "type": "object", "additionalProperties": false,
        "properties": [
            "verb": [
                "type": "string",
                "enum": ["img2img", "inpaint", "outpaint", "instruct", "txt2img", "upscale"],
            ],
            "model": ["type": ["string", "null"]],
            "presets": ["type": "array", "items": ["type": "string"]],
            "settings": [
                "type": "object",
                "additionalProperties": ["type": ["string", "number", "boolean", "null"]],
            ],
            "source": ["type": ["string", "null"], "description": "The id of a picture"],
            "mask": [
                "type": ["string", "null"],
                "description": "The id of a picture; what is white in it is repainted",
            ],
            "maps": [
                "type": ["object", "null"],
                "description": "Ids of pictures by the names that the setting control has for them",
                "additionalProperties": ["type": "string"],
            ],
            "pictures": [
                "type": "integer", "minimum": 1, "maximum": .integer(Int64(Order.mostPictures)),
            ],
            "format": ["type": "string", "enum": ["png", "jpeg", "webp", "avif", "tiff"]],
            "quality": ["type": ["integer", "null"], "minimum": 1, "maximum": 100],
            "priority": ["type": "integer", "minimum": -100, "maximum": 100],
            "page": ["type": "boolean"],
        ],
    ]

    static let job: JSONValue = [
        "type": "object", "required": ["id", "state", "seq"],
        "properties": [
            "id": ["type": "string"],
            "state": [
                "type": "string", "enum": ["queued", "running", "done", "failed", "cancelled"],
            ],
            "seq": ["type": "integer"], "results": ["type": "array"],
            "error": ["type": ["string", "null"]],
        ],
    ]

    static let move: JSONValue = [
        "type": "object", "additionalProperties": false,
        "properties": [
            "before": ["type": ["string", "null"], "description": "The id of a waiting job"],
            "priority": ["type": ["integer", "null"], "minimum": -100, "maximum": 100],
        ],
    ]

    static let change: JSONValue = [
        "type": "object",
        "properties": ["star": ["type": "boolean"], "deleted": ["type": "boolean"]],
    ]

    static let result: JSONValue = [
        "type": "object", "required": ["id", "picture", "seed"],
        "properties": [
            "id": ["type": "integer"], "picture": ["type": "string"], "seed": ["type": "integer"],
            "star": ["type": "boolean"],
        ],
    ]

    static let verify: JSONValue = [
        "type": "object", "required": ["original", "result", "mask"],
        "properties": [
            "original": ["type": "string"], "result": ["type": "string"],
            "mask": ["type": "string"],
        ],
    ]

    static let selection: JSONValue = [
        "type": "object", "required": ["source"],
        "properties": [
            "source": ["type": "string", "description": "The id of a picture"],
            "box": ["type": "array", "items": ["type": "number"], "minItems": 4, "maxItems": 4],
            "keep": ["type": "array", "items": ["type": "array", "items": ["type": "number"]]],
            "drop": ["type": "array", "items": ["type": "array", "items": ["type": "number"]]],
            "margin": [
                "type": ["integer", "null"], "minimum": 0, "maximum": 1000,
                "description": "Pixels over the border; 3 % of the object's size if it is left out",
            ],
            "fill": [
                "type": "array", "items": ["type": "number"], "minItems": 2, "maxItems": 2,
                "description": "x and y of a pixel, from which its colour is filled",
            ],
            "tolerance": ["type": "integer", "minimum": 0, "maximum": 255],
        ],
    ]

    static func list(of item: JSONValue) -> JSONValue {
        [
            "type": "object", "required": ["items"],
            "properties": ["items": ["type": "array", "items": item]],
        ]
    }
}
