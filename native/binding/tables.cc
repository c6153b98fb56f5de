// The TextReader class: see tables/text_reader.h. Its operations run as operations.h says.
//
//   new TextReader({ outcome, csv, json }): one of both is null
//     csv.header, csv.trim, csv.fill             true or false
//     csv.delimiter, csv.quote, csv.decimal      codes of ASCII characters
//     csv.missing                                an array of strings
//     json.names                                 an array of strings
//     json.kinds                                 Int32Array (names)
//     json.otherwise                             the kind of other columns: unknown or skipped
//   add(bytes)                   Uint8Array, copied
//   readHeader({ last }): false if there is too little text. Reads it once
//   names(): the names of the columns so far
//   setKinds(kinds)              Int32Array (columns); `unknown`: to be found. Forgets all values so far
//   read({ last }, callback?): the outcome's `index` is the number of rows since clear()
//   fault(): { fault, line, row, column, cells, text }
//   describe(out)                Float64Array (columns * 5), written: kind, late, missing, texts, bytes of
//   the texts take({ column, values, bytes, ends }, callback?): copies the values of a column, and the texts
//   of a category
//     values  Float64Array, Int32Array (category) or Int8Array (boolean)
//     bytes   Uint8Array, or null
//     ends    Float64Array: the end of each text in `bytes`, or null
//   clear()
//   limitThreads(threads), stop(), clearStop()
#include <memory>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "tables/csv_reader.h"
#include "tables/json_reader.h"

namespace blasnet {
namespace {

class TextReaderObject final : public Operations<TextReaderObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "TextReader",
                       {
                           Method<&TextReaderObject::Add>("add"),
                           Method<&TextReaderObject::ReadHeader>("readHeader"),
                           Method<&TextReaderObject::Names>("names"),
                           Method<&TextReaderObject::SetKinds>("setKinds"),
                           Method<&TextReaderObject::Read>("read"),
                           Method<&TextReaderObject::Fault>("fault"),
                           Method<&TextReaderObject::Describe>("describe"),
                           Method<&TextReaderObject::Take>("take"),
                           Method<&TextReaderObject::Clear>("clear"),
                           Method<&TextReaderObject::LimitThreads>("limitThreads"),
                           Method<&TextReaderObject::Stop>("stop"),
                           Method<&TextReaderObject::ClearStop>("clearStop"),
                       });
  }

  explicit TextReaderObject(const Napi::CallbackInfo& info) : Operations(info) {
    const Properties given(Args(info), 0, {"outcome", "csv", "json"});
    ReportTo(given["outcome"]);
    if (given["csv"].Given()) {
      reader_ = std::make_unique<CsvReader>(Csv(given["csv"]));
    } else {
      reader_ = std::make_unique<JsonReader>(Json(given["json"]));
    }
  }

 private:
  static CsvOptions Csv(const Argument& argument) {
    const Properties given(argument, {"header", "delimiter", "quote", "decimal", "trim", "fill", "missing"});
    const auto character = [&](const char* name) { return static_cast<char>(given[name].Size(127)); };
    CsvOptions options;
    options.header = given["header"].Boolean();
    options.delimiter = character("delimiter");
    options.quote = character("quote");
    options.decimal = character("decimal");
    options.trim = given["trim"].Boolean();
    options.fill = given["fill"].Boolean();
    for (const Argument& word : given["missing"].List()) options.missing.push_back(word.Text());
    return options;
  }

  static JsonOptions Json(const Argument& argument) {
    const Properties given(argument, {"names", "kinds", "otherwise"});
    JsonOptions options;
    options.otherwise = given["otherwise"].Enum(ColumnKind::kSkipped);
    const std::vector<Argument> names = given["names"].List();
    const Argument kinds = given["kinds"];
    const int32_t* const codes = kinds.Array<int32_t>(names.size());
    for (size_t i = 0; i < names.size(); i++) {
      options.kinds[names[i].Text()] = kinds.EnumOf(codes[i], ColumnKind::kTime);
    }
    return options;
  }

  void Add(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Argument bytes = Args(info)[0];
    const size_t size = bytes.Length();
    reader_->Add(reinterpret_cast<const char*>(bytes.Array<uint8_t>(size)), size);
  }

  Napi::Value ReadHeader(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Properties given(Args(info), 0, {"last"});
    return Napi::Boolean::New(info.Env(), reader_->ReadHeader(given["last"].Boolean()));
  }

  Napi::Value Names(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const std::vector<std::string>& names = reader_->Names();
    const Napi::Array array = Napi::Array::New(info.Env(), names.size());
    for (uint32_t i = 0; i < names.size(); i++) array.Set(i, Napi::String::New(info.Env(), names[i]));
    return array;
  }

  void SetKinds(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Argument kinds = Args(info)[0];
    const size_t columns = reader_->Columns().size();
    const int32_t* const codes = kinds.Array<int32_t>(columns);
    std::vector<ColumnKind> stated;
    for (size_t i = 0; i < columns; i++) stated.push_back(kinds.EnumOf(codes[i], ColumnKind::kTime));
    reader_->State(stated);
  }

  Napi::Value Read(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"last"});
    const bool last = given["last"].Boolean();
    return Start(info, 1, [this, last](Totals*) { return reader_->Read(last, control_); });
  }

  Napi::Value Fault(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const TextReader::Fault& fault = reader_->LastFault();
    const Napi::Object object = Napi::Object::New(info.Env());
    object.Set("fault", Napi::String::New(info.Env(), kTextFaultNames[static_cast<size_t>(fault.fault)]));
    object.Set("line", Napi::Number::New(info.Env(), static_cast<double>(fault.line)));
    object.Set("row", Napi::Number::New(info.Env(), static_cast<double>(fault.row)));
    object.Set("column", Napi::Number::New(info.Env(), static_cast<double>(fault.column)));
    object.Set("cells", Napi::Number::New(info.Env(), static_cast<double>(fault.cells)));
    object.Set("text", Napi::String::New(info.Env(), fault.text));
    return object;
  }

  void Describe(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const std::vector<TextReader::Column>& columns = reader_->Columns();
    auto* out = Args(info)[0].Array<double>(5 * columns.size());
    for (const TextReader::Column& column : columns) {
      *out++ = static_cast<double>(column.kind);
      *out++ = column.late ? 1 : 0;
      *out++ = static_cast<double>(column.missing);
      *out++ = static_cast<double>(column.texts.Size());
      *out++ = static_cast<double>(column.texts.Bytes().size());
    }
  }

  Napi::Value Take(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Properties given(Args(info), 0, {"column", "values", "bytes", "ends"});
    const size_t index = given["column"].Size();
    if (index >= reader_->Columns().size()) throw given["column"].Wrong("the index of a column");
    const TextReader::Column* const column = &reader_->Columns()[index];
    char* bytes = nullptr;
    double* ends = nullptr;
    if (given["bytes"].Given()) {
      bytes = reinterpret_cast<char*>(given["bytes"].Array<uint8_t>(column->texts.Bytes().size()));
      ends = given["ends"].Array<double>(column->texts.Size());
    }
    const Argument values = given["values"];
    switch (column->kind) {
      case ColumnKind::kNumber:
      case ColumnKind::kTime:
        return Copy(info, column->numbers, values.Array<double>(column->numbers.Size()), given);
      case ColumnKind::kBoolean:
        return Copy(info, column->flags, values.Array<int8_t>(column->flags.Size()), given);
      case ColumnKind::kCategory: {
        int32_t* const codes = values.Array<int32_t>(column->codes.Size());
        return Start(
            info, 1,
            [=](Totals*) {
              column->codes.CopyTo(codes);
              if (bytes != nullptr) CopyTexts(column->texts, bytes, ends);
              return Outcome{};
            },
            given.Values());
      }
      default:
        throw given["column"].Wrong("a column with values");
    }
  }

  template <typename T>
  Napi::Value Copy(const Napi::CallbackInfo& info, const PiecesList<T>& from, T* out,
                   const Properties& given) {
    const PiecesList<T>* const list = &from;
    return Start(
        info, 1,
        [=](Totals*) {
          list->CopyTo(out);
          return Outcome{};
        },
        given.Values());
  }

  static void CopyTexts(const Dictionary& texts, char* bytes, double* ends) {
    std::copy(texts.Bytes().begin(), texts.Bytes().end(), bytes);
    for (size_t i = 0; i < texts.Size(); i++) ends[i] = static_cast<double>(texts.Ends()[i]);
  }

  void Clear(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    reader_->ClearValues();
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
  std::unique_ptr<TextReader> reader_;
};

}  // namespace

void ExportTables(Napi::Env env, Napi::Object exports) {
  exports.Set("TextReader", TextReaderObject::Define(env));
}

}  // namespace blasnet
