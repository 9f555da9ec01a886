//! Burn's `flex` device below Burn's own tensor type: where a tensor's storage is a slice.

use burn::{
    backend::{BackendTypes, Flex},
    tensor::{Device, Tensor},
};

/// A tensor of the `flex` device.
pub(crate) type FlexTensor = <Flex as BackendTypes>::FloatTensorPrimitive;

/// Whether a parameter of a Burn module of this type (as `enter_module` names it) holds `[inputs, outputs]`.
pub(crate) fn is_transposed(container: &str) -> bool {
    container == "Struct:Linear"
}

/// The device that tasks train on.
pub(crate) fn device() -> Device {
    Device::flex().autodiff()
}

/// The tensor below `tensor`, row-major and starting at 0, so that its storage is all there is of it
/// and in order. Copies only what is not so already.
///
/// # Errors
/// A tensor of another device, or one of other numbers than f32.
pub(crate) fn into_flex<const D: usize>(tensor: Tensor<D>) -> Result<FlexTensor, String> {
    let flex = tensor.try_into_primitive::<Flex>().map_err(|why| format!("{why:?}"))?;
    if flex.dtype() != burn::tensor::DType::F32 {
        return Err(format!("parameters must be f32, got {:?}", flex.dtype()));
    }
    let length = flex.layout().shape().num_elements();
    let plain =
        flex.layout().contiguous_offsets() == Some((0, length)) && flex.storage::<f32>().len() == length;
    Ok(if plain { flex } else { FlexTensor::from_data(flex.to_contiguous().into_data()) })
}

/// The Burn tensor above `flex`, outside autodiff.
pub(crate) fn from_flex<const D: usize>(flex: FlexTensor) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(flex)
}

/// The numbers of a tensor that a task has made, row by row.
pub(crate) fn to_vec<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    match into_flex(tensor) {
        Ok(flex) => flex.storage().to_vec(),
        Err(why) => unreachable!("tasks compute in f32 on the flex device: {why}"),
    }
}
