// What a front end says and sees of edits and pictures comes with the library: verbs, recipes and their
// keys, presets, masks; pictures, formats, comparisons; reports and plans; files that are written whole;
// keys and credentials.
@_exported public import Credentials
@_exported public import Editing
@_exported public import Files
@_exported public import Imaging
@_exported public import Recipes
