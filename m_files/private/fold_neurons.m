function following = fold_neurons(layer, following, gone)
  % The layer after a hidden one, with what neurons without inputs send, their activation of the
  % bias, moved into its bias.  GONE are their numbers.
  bias = double(following.bias);
  for j = reshape(gone, 1, [])
    sent = layer_input(following, activate(double(layer.bias(j)), layer.activation));
    bias = bias + double(following.weights(:, j)) * sent;
  end
  following.bias = cast(bias, class(following.bias));
end
