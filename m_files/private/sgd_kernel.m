function [w, velocity] = sgd_kernel(w, dw, velocity, rate, momentum)
  % One step of gradient descent with momentum.
  velocity = momentum * velocity - rate * dw;
  w = w + velocity;
end
