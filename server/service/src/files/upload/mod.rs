//! Files that people send: what is accepted ([`picture`], [`pdf`]), by whom it is read ([`child`]) and
//! where it is kept ([`store`]). Who may fetch a file, and which files are still referred to, is not decided here.

pub mod accept;
mod answer;
pub mod child;
pub mod content;
mod failure;
pub mod pdf;
pub mod picture;
pub(crate) mod place;
pub mod s3;
pub mod store;

use content::Content;

/// The largest file, in bytes: 5 MB counted in binary, as browsers and phones show it. // R71
pub const MAX_BYTES: usize = pictures::MOST_BYTES;

/// Why a file is not accepted. [`UploadRefusal::sentence`] is what the person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{}", self.sentence())]
pub enum UploadRefusal {
    Empty,
    TooLarge,
    NotAPicture(Content),
    DamagedPicture,
    TooManyPixels,
    /// A way of coding that hardly any program writes.
    UnusualPicture,
    /// Two decoders see two different pictures in it: kept right or refused, never kept wrong.
    AmbiguousPicture,
    HighDynamicRange,
    TooComplexPicture,
    NotAPdf(Content),
    DamagedPdf,
    /// It does not open without a password, or not with what we know of encryption.
    EncryptedPdf,
    /// It opens without a password, but not every part of it could be decrypted and looked through.
    UnreadableEncryptedPdf,
    PdfWithScript,
    PdfWithProgram,
    PdfWithAutomaticAction,
    PdfWithAttachment,
    PdfWithMedia,
    PdfWithDynamicForm,
    TooComplexPdf,
    /// Our fault, not the file's; the cause is in the log.
    CheckUnavailable,
}

impl UploadRefusal {
    /// What the page says, with what to do about it.
    pub fn sentence(self) -> &'static str {
        match self {
            UploadRefusal::Empty => "文件是空的，请重新选择",
            UploadRefusal::TooLarge => "文件大小不超过5MB",
            UploadRefusal::NotAPicture(content) => content.as_no_picture(),
            UploadRefusal::DamagedPicture => "图片无法读取，可能已损坏，请重新选择",
            UploadRefusal::TooManyPixels => {
                "图片尺寸过大，宽和高均不得超过12000像素，总像素不得超过4000万，请缩小后重新选择"
            }
            UploadRefusal::UnusualPicture => {
                "图片采用了少见的编码方式，无法读取，请用看图软件另存为普通JPEG，或截图后上传"
            }
            UploadRefusal::AmbiguousPicture => {
                "图片不能确保正确显示，可能已损坏，请用看图软件打开核对后另存为JPEG，或截图后上传"
            }
            UploadRefusal::HighDynamicRange => {
                "图片为高动态范围（HDR），颜色会失真，请导出为普通JPEG或截图后上传"
            }
            UploadRefusal::TooComplexPicture => "图片结构过于复杂，无法处理，请重新拍摄或截图后上传",
            UploadRefusal::NotAPdf(content) => content.as_no_document(),
            UploadRefusal::DamagedPdf => "PDF文件无法读取，可能已损坏，请重新选择",
            UploadRefusal::EncryptedPdf => "PDF文件已加密或设有密码，请去除密码后重新上传",
            UploadRefusal::UnreadableEncryptedPdf => {
                "PDF文件限制了编辑或打印，其中有加密的内容无法检查，请解除限制或重新打印为PDF后上传"
            }
            UploadRefusal::PdfWithScript => "PDF文件中含有脚本（JavaScript），请重新打印为PDF后上传",
            UploadRefusal::PdfWithProgram => {
                "PDF文件中含有打开其他程序或文件、发送数据的动作，请重新打印为PDF后上传"
            }
            UploadRefusal::PdfWithAutomaticAction => "PDF文件中含有自动执行的动作，请重新打印为PDF后上传",
            UploadRefusal::PdfWithAttachment => "PDF文件中嵌有附件，请去除附件后重新上传",
            UploadRefusal::PdfWithMedia => "PDF文件中含有音视频等多媒体内容，请去除后重新上传",
            UploadRefusal::PdfWithDynamicForm => "PDF文件中含有动态表单（XFA），请重新打印为PDF后上传",
            UploadRefusal::TooComplexPdf => "PDF文件结构过于复杂，无法检查，请重新打印为PDF后上传",
            UploadRefusal::CheckUnavailable => "文件检查暂时不可用，请稍后重试",
        }
    }

    /// Whether the same file may be accepted later (503 rather than 422).
    pub fn is_temporary(self) -> bool {
        self == UploadRefusal::CheckUnavailable
    }
}

/// The size rule, the same for all kinds.
pub(crate) fn check_size(bytes: &[u8]) -> Result<(), UploadRefusal> {
    match bytes.len() {
        0 => Err(UploadRefusal::Empty),
        length if length > MAX_BYTES => Err(UploadRefusal::TooLarge),
        _ => Ok(()),
    }
}
