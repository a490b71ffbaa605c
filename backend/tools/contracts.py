"""An import-linter contract of our own: some modules are private to the package they stand in."""

from collections.abc import Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PackagePrivateContract(Contract):
    """Keep every module with one of the given names out of reach of other packages.

    Option `module_names`: last parts of dotted names; `repository` covers `app.calls.repository` and what is below it.
    """

    type_name = "package_private"

    module_names = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        names: set[str] = set(self.module_names)  # type: ignore[call-overload]  # the field's value, not the field
        leaks = sorted(leak for module in graph.modules if _is_private(module, names) for leak in _leaks(graph, module))
        return ContractCheck(kept=not leaks, metadata={"leaks": leaks})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, private in check.metadata["leaks"]:
            output.print_error(f"{importer} reaches into {private}; call its service instead")


def _is_private(module: str, names: set[str]) -> bool:
    return module.rpartition(".")[2] in names


def _leaks(graph: ImportGraph, private: str) -> Iterator[tuple[str, str]]:
    """The imports of `private`, or of a module below it, from outside the package that `private` stands in."""
    home = private.rpartition(".")[0]
    for module in {private, *graph.find_descendants(private)}:
        for importer in graph.find_modules_that_directly_import(module):
            if importer != home and not importer.startswith(f"{home}."):
                yield importer, module
