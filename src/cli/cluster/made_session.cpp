#include "cli/cluster/made_session.hpp"

#include "cli/terminal.hpp"
#include "kube/object/object.hpp"

namespace dmaas::cli {

void print_made_session(const Json& made, bool dry_run, OutputFormat format) {
  if (is_document(format)) {
    print(format_object(made, format));
  } else {
    print_line("session " + kube::key_of(made).text() +
               (dry_run ? " would be created" : " created"));
  }
}

}  // namespace dmaas::cli
