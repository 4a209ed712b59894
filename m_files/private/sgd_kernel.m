function [w, velocity] = sgd_kernel(w, change, velocity, momentum)
  % One step of gradient descent with momentum.  CHANGE is the gradient times minus the rate.
  velocity = momentum * velocity + change;
  w = w + velocity;
end
