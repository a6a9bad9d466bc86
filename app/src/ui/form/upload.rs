//! Pictures and documents. With wasm a chosen file goes to the server at once, with progress and
//! preview; without it the file travels with the form (R71, R76).

use domain::posted::about_file;
use domain::route;
use domain::schema::Place;
use domain::view::FileView;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;

use super::FormState;
use super::field::{Parts, Sort};
use super::reactive::reactive;

/// Bytes a file may have (R71).
pub const MOST_BYTES: f64 = 5.0 * 1024.0 * 1024.0;

#[derive(Debug, Clone, PartialEq)]
enum Progress {
    Idle,
    /// Of which choice, and per cent.
    Sending(u64, u32),
    Failed,
}

/// The name of the file control that belongs to an address.
pub fn file_name(at: &str) -> String {
    format!("{FILE_PREFIX}{at}")
}

/// The address a file control belongs to; none for other controls.
pub fn file_address(name: &str) -> Option<&str> {
    name.strip_prefix(FILE_PREFIX)
}

const FILE_PREFIX: &str = "file:";

/// The control of one field that takes files.
#[derive(Clone, Copy)]
struct Upload {
    state: FormState,
    place: Place,
    sort: Sort,
    /// So many files there may be.
    max: usize,
    progress: RwSignal<Progress>,
    /// The files the field has, with what is known of them.
    files: Memo<Vec<(Option<FileView>, String)>>,
}

pub fn control(state: FormState, parts: Parts, sort: Sort, max: usize) -> AnyView {
    let (place, label) = (parts.place, parts.label);
    let at = StoredValue::new(parts.at.clone());
    let progress = RwSignal::new(Progress::Idle);
    let files = Memo::new(move |_| {
        let ids = state.answers.with(|answers| answers.items(&at.get_value()).to_vec());
        state.files.with(|files| {
            let named = |id: &str| files.iter().find(|file| file.id == id).cloned();
            ids.into_iter().map(|id| (named(&id), id)).collect::<Vec<_>>()
        })
    });
    let upload = Upload { state, place, sort, max, progress, files };
    let look = Signal::derive(move || match (progress.get(), files.with(Vec::is_empty)) {
        (Progress::Sending(..), _) => "sending",
        (Progress::Failed, _) => "failed",
        (Progress::Idle, true) => "empty",
        (Progress::Idle, false) => "done",
    });
    let over = RwSignal::new(false);
    view! {
        <div
            class="control upload"
            data-state=look
            data-over=Signal::derive(move || over.get().then_some("true"))
            on:dragover=move |event| { event.prevent_default(); over.set(true); }
            on:dragleave=move |_| over.set(false)
            on:drop=move |event| {
                event.prevent_default();
                over.set(false);
                upload.take(event.data_transfer().and_then(|dropped| dropped.files()));
            }
        >
            {reactive(move || Some(upload.previews(&at.get_value(), label.get_untracked())))}
            <div class="upload-body">
                {reactive(move || Some(match progress.get() {
                    Progress::Sending(_, percent) => view! {
                        <p class="upload-state" role="status">"正在上传…"</p>
                        <progress class="progress" max="100" value=percent.to_string() aria-label="上传进度">{format!("{percent}%")}</progress>
                    }.into_any(),
                    Progress::Failed => view! { <p class="upload-state" role="alert">"未能上传"</p> }.into_any(),
                    Progress::Idle => files.with(|files| described_files(files, sort)).into_any(),
                }))}
                <div class="upload-actions">
                    {upload.picker(parts)}
                    {reactive(move || (!files.with(Vec::is_empty)).then(|| upload.remover(at.get_value(), label)))}
                </div>
            </div>
        </div>
    }
    .into_any()
}

impl Upload {
    /// What was chosen or dropped here is sent.
    fn take(self, list: Option<web_sys::FileList>) {
        if let Some(list) = list {
            self.send(list);
        }
    }

    /// Each file as a link to it, with its id for the form; a sign where there is none.
    fn previews(self, at: &str, label: &str) -> AnyView {
        let shown = self.files.get();
        if shown.is_empty() {
            let icon = if self.sort == Sort::Picture { "icon icon-image" } else { "icon icon-file" };
            return view! { <div class="upload-picture"><span class=icon aria-hidden="true"></span></div> }
                .into_any();
        }
        shown
            .into_iter()
            .map(|(file, id)| {
                let alt = format!("{label}预览");
                let is_picture = file.as_ref().map_or(self.sort == Sort::Picture, |file| file.is_picture);
                view! {
                    <input type="hidden" name=at.to_owned() value=id.clone()/>
                    <a class="upload-picture" href=route::file(&id) target="_blank" rel="noopener external">
                        {if is_picture {
                            view! { <img src=route::file(&id) alt=alt loading="lazy"/> }.into_any()
                        } else {
                            view! {
                                <span class="icon icon-file" aria-hidden="true"></span>
                                <span class="visually-hidden">{alt}</span>
                            }.into_any()
                        }}
                    </a>
                }
            })
            .collect_view()
            .into_any()
    }

    /// What opens the choice of files.
    fn picker(self, parts: Parts) -> AnyView {
        let Parts { at, id, described, invalid, required, label, .. } = parts;
        let (files, max) = (self.files, self.max);
        let element = NodeRef::<html::Input>::new();
        let accept = match self.sort {
            Sort::Picture => "image/png,image/jpeg,image/webp,.png,.jpg,.jpeg,.webp",
            Sort::Document => "application/pdf,.pdf",
        };
        view! {
            <label class="upload-pick" for=id.clone() aria-hidden="true">
                {Signal::derive(move || match (files.with(Vec::is_empty), max) {
                    (true, _) => "选择文件",
                    (false, 1) => "重新上传",
                    (false, _) => "添加文件",
                })}
            </label>
            <input
                class="upload-input"
                type="file"
                id=id
                name=file_name(&at)
                accept=accept
                multiple={max > 1}
                node_ref=element
                aria-label=label
                aria-required=required
                aria-invalid=invalid
                aria-describedby=described
                on:change=move |event| {
                    event.stop_propagation();
                    if let Some(input) = element.get() {
                        self.take(input.files());
                        // The same file can be chosen again, and the form does not send it twice.
                        input.set_value("");
                    }
                }
            />
        }
        .into_any()
    }

    /// 【删除】: all files of the field, also those that are on their way.
    fn remover(self, at: String, label: Signal<&'static str>) -> AnyView {
        let value = format!("drop:{at}");
        view! {
            <button
                class="button button-small button-quiet"
                name="go"
                value=value
                aria-label=Signal::derive(move || format!("删除{}", label.get()))
                on:click=move |event| {
                    event.prevent_default();
                    self.progress.set(Progress::Idle);
                    self.state.set_files(&at, Vec::new());
                }
            >"删除"</button>
        }
        .into_any()
    }
}

fn described_files(files: &[(Option<FileView>, String)], sort: Sort) -> AnyView {
    if files.is_empty() {
        // What may be sent stands in the hint of the question.
        let noun = if sort == Sort::Picture { "照片" } else { "文件" };
        return view! { <p class="upload-state js-only">{format!("可将{noun}拖到此处")}</p> }.into_any();
    }
    files
        .iter()
        .map(|(file, _)| {
            file.as_ref().map(|file| {
                let warnings = file.warnings.join("；");
                view! {
                    <p class="upload-name">{file.name.clone()}</p>
                    <p class="upload-state">{format!("{}，已上传", readable_size(file.size))}</p>
                    {(!warnings.is_empty()).then(|| view! { <p class="field-note" data-tone="warning">{warnings}</p> })}
                }
            })
        })
        .collect_view()
        .into_any()
}

/// The control of a pdf that is sent with its form: says what was chosen, or that it is too large.
#[cfg_attr(any(feature = "ssr", feature = "page-islands"), island)]
#[cfg_attr(not(any(feature = "ssr", feature = "page-islands")), component)]
pub fn FileChoice(
    id: String,
    name: String,
    label: String,
    is_invalid: bool,
    described: Option<String>,
) -> impl IntoView {
    let said = RwSignal::new(None::<String>);
    let chosen = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let file = input.as_ref().and_then(web_sys::HtmlInputElement::files).and_then(|files| files.get(0));
        said.set(file.map(|file| {
            if file.size() > MOST_BYTES {
                if let Some(input) = &input {
                    input.set_value("");
                }
                return "文件大小不超过5MB".to_owned();
            }
            // A file has far fewer bytes than a double counts exactly.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let size = readable_size(file.size() as u64);
            format!("{}，{size}，随表单一起提交", file.name())
        }));
    };
    view! {
        <input
            class="upload-input"
            type="file"
            id=id
            name=name
            accept="application/pdf,.pdf"
            aria-label=label
            aria-invalid=is_invalid.then_some("true")
            aria-describedby=described
            on:change=chosen
        />
        <p class="upload-state" role="status">{move || said.get()}</p>
    }
    .into_any()
}

/// Bytes as people read them.
pub fn readable_size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        _ => format!("{}.{} MB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

const TOO_LARGE: &str = "文件大小不超过5MB";
const TROUBLE: &str = "上传失败，请检查网络后重新上传";

/// On the way to the server and back. The control may be drawn anew meanwhile, so its field is known by its place.
impl Upload {
    /// Sends the chosen files one after the other's start; each answer joins the field when it is there, unless
    /// something else was chosen meanwhile.
    fn send(self, list: web_sys::FileList) {
        // Something else than files was dropped here.
        if list.length() == 0 {
            return;
        }
        let choice = self.state.choose_files(&self.place.address(), self.max);
        for file in (0..list.length()).filter_map(|index| list.item(index)).take(self.max) {
            if file.size() > MOST_BYTES {
                self.fail(&file.name(), TOO_LARGE);
                continue;
            }
            if let Err(message) = self.send_one(choice, &file) {
                self.fail(&file.name(), message);
            }
        }
    }

    /// The sentence stands at the field, as that of any other fault.
    fn fail(self, file: &str, sentence: &str) {
        if self.progress.try_set(Progress::Failed).is_some() {
            return;
        }
        let at = self.place.address();
        let noun = if self.sort == Sort::Picture { "照片" } else { "文件" };
        let (label, kept) = self
            .state
            .answers
            .with_untracked(|answers| (self.place.label(answers), answers.get(&at).map(|_| noun)));
        self.state.file_refused(&at, about_file(label, file, sentence, kept));
    }

    fn send_one(self, choice: u64, file: &web_sys::File) -> Result<(), &'static str> {
        let request = web_sys::XmlHttpRequest::new().map_err(|_| TROUBLE)?;
        let name = String::from(js_sys::encode_uri_component(&file.name()));
        let sort = match self.sort {
            Sort::Picture => "picture",
            Sort::Document => "document",
        };
        request.open("POST", &format!("{}?sort={sort}", route::FILES)).map_err(|_| TROUBLE)?;
        // People name scans after themselves, and addresses are written down in many places.
        let named = format!("attachment; filename*=UTF-8''{name}");
        request.set_request_header("content-disposition", &named).map_err(|_| TROUBLE)?;
        request.set_request_header("content-type", "application/octet-stream").map_err(|_| TROUBLE)?;
        request.set_request_header("accept", "application/json").map_err(|_| TROUBLE)?;
        self.progress.set(Progress::Sending(choice, 0));
        if let Ok(upload) = request.upload() {
            let on_progress = Closure::<dyn FnMut(web_sys::ProgressEvent)>::new(move |event| {
                self.sent(choice, &event);
            });
            upload.set_onprogress(Some(on_progress.as_ref().unchecked_ref()));
            on_progress.forget();
        }
        let (answered, name) = (request.clone(), file.name());
        let on_end = Closure::once(move || self.answered(choice, &name, &answered));
        request.set_onloadend(Some(on_end.as_ref().unchecked_ref()));
        on_end.forget();
        request.send_with_opt_blob(Some(file)).map_err(|_| TROUBLE)?;
        self.state.sends(1);
        Ok(())
    }

    fn is_last_choice(self, choice: u64) -> bool {
        self.state.is_last_choice(&self.place.address(), choice)
    }

    fn sent(self, choice: u64, event: &web_sys::ProgressEvent) {
        let is_measured = event.length_computable() && event.total() > 0.0;
        if is_measured && self.is_last_choice(choice) {
            let percent = (event.loaded() * 100.0 / event.total()) as u32;
            self.progress.set(Progress::Sending(choice, percent));
        }
    }

    fn answered(self, choice: u64, name: &str, request: &web_sys::XmlHttpRequest) {
        self.state.sends(-1);
        if !self.is_last_choice(choice) {
            // What took its place came by itself, with nothing to send.
            if matches!(self.progress.try_get_untracked(), Some(Progress::Sending(of, _)) if of == choice) {
                self.progress.set(Progress::Idle);
            }
            return;
        }
        let text = request.response_text().ok().flatten().unwrap_or_default();
        match request.status() {
            Ok(200) => match serde_json::from_str::<FileView>(&text) {
                Ok(file) => {
                    self.progress.set(Progress::Idle);
                    self.state.add_file(&self.place.address(), file, self.max);
                }
                Err(_) => self.fail(name, TROUBLE),
            },
            Ok(401) => {
                self.fail(name, "登录已过期，请重新登录后上传");
                self.state.session_ended();
            }
            Ok(413) => self.fail(name, TOO_LARGE),
            // The server's own sentence.
            Ok(422 | 429) if !text.is_empty() => self.fail(name, &text),
            _ => self.fail(name, TROUBLE),
        }
    }
}
