// Pieces of Markdown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace frontdesk::codegen::docs {

// A comment as running text: what would be HTML is not.
std::string Prose(std::string_view text);
// The same for one cell of a table.
std::string Cell(std::string_view text);
std::string Code(std::string_view text);
// A table of ready cells; "" without rows.
std::string Table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows);
// In single quotes for a shell.
std::string Shell(std::string_view text);
// The text of a node of Mermaid, in quotes; '\n' begins a new line.
std::string Label(std::string_view text);

}  // namespace frontdesk::codegen::docs
