// The TextReader class: see tables/text_reader.h. Its operations run as operations.h says.
//
//   new TextReader({ outcome, csv, json }): one of both is null
//     csv.header, csv.trim, csv.fill             true or false
//     csv.delimiter, csv.quote, csv.decimal      codes of ASCII characters
//     csv.thousands                              that of the character between groups of digits; 0: none
//     csv.comment                                that of the character before comments; 0: none
//     csv.skipLines                              how many lines at the start are left out
//     csv.missing                                an array of strings
//     json.names                                 an array of strings
//     json.kinds                                 Int32Array (names)
//     json.otherwise                             the kind of other columns: unknown or skipped
//   add(bytes)                   Uint8Array, copied
//   readHeader({ last }): false if there is too little text. Reads it once
//   names(): the names of the columns so far
//   setKinds(kinds)              Int32Array (columns); `unknown`: to be found. Forgets all values so far
//   read({ last, rows, bytes }, callback?): up to so many rows, or bytes, since clear(); the outcome's index
//     counts these rows
//   full(): whether read() stopped since there are enough
//   summarise({ texts, bytes }, callback?): the most texts of a column, and their bytes
//   summaries(out)               Float64Array (columns * 4), written: values, least, greatest, too many texts
//   fault(): { fault, line, row, column, cells, text }
//   describe(out)                Float64Array (columns * 5), written: kind, late, missing, texts, their bytes
//   take({ column, values, bytes, ends }, callback?): the values of a column, and the texts of a category
//     values  Float64Array, Int32Array (category) or Int8Array (boolean)
//     bytes   Uint8Array, or null
//     ends    Float64Array: the end of each text in `bytes`, or null
//   clear(), clearTexts(column)
//   limitThreads(threads, low), stop(), clearStop()
//
// The TableEncoder class: see tables/encoder.h.
//
//   new TableEncoder({ outcome, columns, parts, numbers, refuseUnknown })
//     columns  the number of columns
//     parts    Int32Array (parts * 3): type, column, how many numbers it has
//     numbers  Float64Array: those of all parts, one after another
//   encode({ columns, known, rows, out, codes }, callback?)
//     columns  an array of Float64Array, Int32Array or Int8Array (rows): numbers, codes or flags
//     known    an array: for a column of codes an Int32Array, for others null
//     out      Float64Array or Float32Array (rows * width), written
//     codes    Int32Array (rows * number of codes), written
//   encodeRow(raw, out, codes): raw is a Float64Array (columns)
//   limitThreads(threads, low), stop(), clearStop()
#include <memory>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "tables/csv_reader.h"
#include "tables/encoder.h"
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
                           Method<&TextReaderObject::Full>("full"),
                           Method<&TextReaderObject::Summarise>("summarise"),
                           Method<&TextReaderObject::Summaries>("summaries"),
                           Method<&TextReaderObject::Fault>("fault"),
                           Method<&TextReaderObject::Describe>("describe"),
                           Method<&TextReaderObject::Take>("take"),
                           Method<&TextReaderObject::Clear>("clear"),
                           Method<&TextReaderObject::ClearTexts>("clearTexts"),
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
    const Properties given(argument, {"header", "delimiter", "quote", "decimal", "thousands", "comment",
                                      "skipLines", "trim", "fill", "missing"});
    const auto character = [&](const char* name) { return static_cast<char>(given[name].Size(127)); };
    CsvOptions options;
    options.header = given["header"].Boolean();
    options.delimiter = character("delimiter");
    options.quote = character("quote");
    options.decimal = character("decimal");
    options.thousands = character("thousands");
    options.comment = character("comment");
    options.skip_lines = given["skipLines"].Size();
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
    const Properties given(Args(info), 0, {"last", "rows", "bytes"});
    const bool last = given["last"].Boolean();
    const size_t rows = given["rows"].Size(kMostElements), bytes = given["bytes"].Size(kMostElements);
    return Start(info, 1, [=](Totals*) { return reader_->Read(last, rows, bytes, control_); });
  }

  Napi::Value Full(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    return Napi::Boolean::New(info.Env(), reader_->Full());
  }

  Napi::Value Summarise(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"texts", "bytes"});
    const size_t texts = given["texts"].Size(kMostElements), bytes = given["bytes"].Size(kMostElements);
    return Start(info, 1, [=](Totals*) { return reader_->Summarise(texts, bytes, control_); });
  }

  void Summaries(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const std::vector<TextReader::Column>& columns = reader_->Columns();
    auto* out = Args(info)[0].Array<double>(4 * columns.size());
    for (const TextReader::Column& column : columns) {
      *out++ = static_cast<double>(column.present);
      *out++ = column.least;
      *out++ = column.greatest;
      *out++ = column.many ? 1 : 0;
    }
  }

  Napi::Value Fault(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const TextReader::Fault& fault = reader_->LastFault();
    const Napi::Object object = Napi::Object::New(info.Env());
    const double column = fault.column == TextReader::kNoColumn ? -1 : static_cast<double>(fault.column);
    object.Set("fault", Napi::String::New(info.Env(), kTextFaultNames[static_cast<size_t>(fault.fault)]));
    object.Set("line", Napi::Number::New(info.Env(), static_cast<double>(fault.line)));
    object.Set("row", Napi::Number::New(info.Env(), static_cast<double>(fault.row)));
    object.Set("column", Napi::Number::New(info.Env(), column));
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
    const TextReader::Column* const column = &reader_->Columns()[ColumnOf(given["column"])];
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

  void ClearTexts(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    reader_->ClearTexts(ColumnOf(Args(info)[0]));
  }

  size_t ColumnOf(const Argument& column) const {
    const size_t index = column.Size();
    if (index >= reader_->Columns().size()) throw column.Wrong("the index of a column");
    return index;
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
  std::unique_ptr<TextReader> reader_;
};

class TableEncoderObject final : public Operations<TableEncoderObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "TableEncoder",
                       {
                           Method<&TableEncoderObject::Encode>("encode"),
                           Method<&TableEncoderObject::EncodeRow>("encodeRow"),
                           Method<&TableEncoderObject::LimitThreads>("limitThreads"),
                           Method<&TableEncoderObject::Stop>("stop"),
                           Method<&TableEncoderObject::ClearStop>("clearStop"),
                       });
  }

  explicit TableEncoderObject(const Napi::CallbackInfo& info) : Operations(info) {
    const Properties given(Args(info), 0, {"outcome", "columns", "parts", "numbers", "refuseUnknown"});
    ReportTo(given["outcome"]);
    const size_t columns = given["columns"].Size();
    const size_t count = given["parts"].Length();
    const int32_t* const parts = given["parts"].Array<int32_t>(count);
    const size_t available = given["numbers"].Length();
    const double* numbers = given["numbers"].Array<double>(available);
    const double* const end = numbers + available;
    std::vector<EncoderPart> list;
    size_t width = 0;
    for (size_t i = 0; i + 2 < count; i += 3) {
      EncoderPart part;
      part.type = given["parts"].EnumOf(parts[i], PartType::kCode);
      part.column = given["parts"].SizeOf(parts[i + 1], 0, kMostSize);
      const size_t size = given["parts"].SizeOf(parts[i + 2], 0, static_cast<size_t>(end - numbers));
      part.numbers.assign(numbers, numbers + size);
      numbers += size;
      if (part.column >= columns || size < part.LeastNumbers()) throw given["parts"].Wrong("whole parts");
      if (part.type == PartType::kOneHot || part.type == PartType::kCode) {
        given["numbers"].SizeOf(part.numbers[0], 1, kMostSize);
        given["numbers"].SizeOf(part.numbers[1], 0, 1);
      }
      width += part.Width();
      if (width > kMostSize) throw given["parts"].Wrong("parts that are not too wide together");
      list.push_back(std::move(part));
    }
    encoder_ = std::make_unique<Encoder>(std::move(list), columns, given["refuseUnknown"].Boolean());
  }

 private:
  Napi::Value Encode(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"columns", "known", "rows", "out", "codes"});
    const size_t rows = given["rows"].Size(size_t{UINT32_MAX});
    const std::vector<Argument> columns = given["columns"].List(), known = given["known"].List();
    if (columns.size() != encoder_->Columns())
      throw given["columns"].Wrong("as many as the encoder's columns");
    if (known.size() != columns.size()) throw given["known"].Wrong("as many as the columns");
    std::vector<Napi::Value> held = given.Values();
    std::vector<RawColumn> raw;
    for (size_t i = 0; i < columns.size(); i++) {
      held.push_back(columns[i].Value());
      held.push_back(known[i].Value());
      raw.push_back(ColumnOf(columns[i], known[i], rows));
    }
    int32_t* const codes = given["codes"].Array<int32_t>(rows * encoder_->Codes());
    if (given["out"].IsFloat32())
      return EncodeAs<float>(info, given, std::move(raw), rows, codes, std::move(held));
    return EncodeAs<double>(info, given, std::move(raw), rows, codes, std::move(held));
  }

  static RawColumn ColumnOf(const Argument& column, const Argument& known, size_t rows) {
    switch (column.Type()) {
      case napi_int32_array: {
        const size_t count = known.Length();
        return {RawColumn::Type::kCodes, column.Array<int32_t>(rows), known.Array<int32_t>(count), count};
      }
      case napi_int8_array:
        return {RawColumn::Type::kFlags, column.Array<int8_t>(rows)};
      default:
        return {RawColumn::Type::kNumbers, column.Array<double>(rows)};
    }
  }

  template <typename T>
  Napi::Value EncodeAs(const Napi::CallbackInfo& info, const Properties& given,
                       std::vector<RawColumn> columns, size_t rows, int32_t* codes,
                       std::vector<Napi::Value> held) {
    T* const out = given["out"].Array<T>(rows * encoder_->Width());
    return Start(
        info, 1,
        [this, columns = std::move(columns), rows, out, codes](Totals*) {
          return encoder_->Encode(columns, rows, out, codes, control_);
        },
        std::move(held));
  }

  Napi::Value EncodeRow(const Napi::CallbackInfo& info) {
    const Args args(info);
    const double* const raw = args[0].Array<double>(encoder_->Columns());
    int32_t* const codes = args[2].Array<int32_t>(encoder_->Codes());
    if (args[1].IsFloat32()) {
      float* const out = args[1].Array<float>(encoder_->Width());
      return Start(info, 3, [=](Totals*) { return encoder_->EncodeRow(raw, out, codes); });
    }
    double* const out = args[1].Array<double>(encoder_->Width());
    return Start(info, 3, [=](Totals*) { return encoder_->EncodeRow(raw, out, codes); });
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace

void ExportTables(Napi::Env env, Napi::Object exports) {
  exports.Set("TextReader", TextReaderObject::Define(env));
  exports.Set("TableEncoder", TableEncoderObject::Define(env));
}

}  // namespace blasnet
