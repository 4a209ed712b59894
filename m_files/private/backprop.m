function [value, dw, db] = backprop(layers, x, objective)
  % Value and gradients of OBJECTIVE for one batch.  OBJECTIVE takes the last pre-activations and
  % the outputs, and gives the value and its derivative with respect to the pre-activations.
  count = numel(layers);
  inputs = cell(1, count);
  z = cell(1, count);
  a = cell(1, count);
  output = x;
  for k = 1:count
    inputs{k} = layer_input(layers{k}, output);
    z{k} = layers{k}.weights * inputs{k} + layers{k}.bias;
    output = activate(z{k}, layers{k}.activation);
    a{k} = output;
  end
  [value, dz] = objective(z{count}, output);
  dw = cell(1, count);
  db = cell(1, count);
  for k = count:-1:1
    % The rounding of an input has a derivative of one: the straight-through estimate.
    dw{k} = dz * inputs{k}.';
    db{k} = sum(dz, 2);
    if k > 1
      da = layers{k}.weights.' * dz;
      dz = activation_backward(da, z{k - 1}, a{k - 1}, layers{k - 1}.activation);
    end
  end
end
