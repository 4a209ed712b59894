function [a, z] = forward(layers, x)
  % Outputs and last pre-activations of a network for samples in the columns of X.
  a = x;
  for k = 1:numel(layers)
    z = layers{k}.weights * layer_input(layers{k}, a) + layers{k}.bias;
    a = activate(z, layers{k}.activation);
  end
end
