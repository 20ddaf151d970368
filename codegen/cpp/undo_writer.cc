#include "codegen/cpp/undo_writer.h"

#include "codegen/cpp/fill_writer.h"

namespace frontdesk::codegen {

void UndoWriter::WriteKnown(const std::string& member, const Roots& roots, Printer& out) const {
  if (undo_.request.empty()) return;
  out.Line(Request(), " undo;");
  FillWriter(roots, nullptr, names_, conversions_, out).Write(undo_.request, "undo.");
  out.Line(member, ".UndoWith(undo);");
}

void UndoWriter::WriteFromReply(const std::string& name, const std::string& reply,
                                const std::string& self, Roots roots, Printer& out) const {
  roots.self = self;
  roots.self_reader = &undo_.reply;
  out.Note("What only the reply tells of its undo.");
  out.Call(Cat("static ", Request(), ' ', name), {Cat("const ", reply, "& ", self)}, " {");
  out.Indent();
  out.Line(Request(), " undo;");
  FillWriter(roots, nullptr, names_, conversions_, out).Write(undo_.from_reply, "undo.");
  out.Line("return undo;");
  out.Close();
}

}  // namespace frontdesk::codegen
